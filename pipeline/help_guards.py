"""What holds a rule back: kinds of text in which words of need are no plea. One named entry a guard.

A guard over the whole text silences every rule in it, a guard over a sentence only what was found in that sentence.
No guard silences a present danger in the author's own voice: see `Guard.yields`.
"""

from typing import Final, Literal

import msgspec

Scope = Literal["text", "sentence"]
Yields = Literal["now", "rescue"]


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """Where `pattern` is found, rules are silent within `scope`."""

    name: str
    scope: Scope
    pattern: str
    yields: Yields
    """`now`: gives way to a danger told in the first person as happening now; `rescue`: only if it calls for rescue too."""
    holds: tuple[str, ...]
    """Posts with words of need that it keeps silent."""
    frees: tuple[str, ...]
    """Posts with its words that still ring: somebody is in danger now and says so."""
    doubts: bool = False
    """Whether a score, too, must be surer than elsewhere to make a plea of such a text."""


STAY: Final = "酒店|宾馆|旅馆|客栈|民宿|客房|标间|大床房|退房|入住|房卡|钥匙卡|前台|服务员|旅伴|快递|客服"
REVIEW: Final = "设施|早餐|隔音|性价比|不建议|值得|再[住来买]|好评|差评|五星|四星|态度|卫生间|装修|浴巾|拖鞋|退换|送水|工作失误|管理水平|看守所里|物流|包装|看市景|夜景"
"""Words of those who tell how a room or a purchase was; both together, since each alone stands in a plea as well."""

GUARDS: Final[tuple[Guard, ...]] = (
    Guard(
        name="新闻报道", scope="text", yields="now", doubts=True,
        pattern="报道|(?<![求找请])(?<!求个)(?<!找个)记者|讯】|讯 |【[^】]{4,60}】|据悉|获悉|据《|据.{0,6}(?:报|介绍|消息)|新闻|热搜|网传|日前|发布会|投稿|纪录片|典型案例|讲述|采访|座谈|口述|选登|本期|今晚话题|回忆道|如今已",
        holds=("新闻里说，女子拿着刀要砍她男人，现在已被控制", "记者走访：她被锁在柴房三年，求救了三次"),
        frees=("刚看完新闻，他现在就在门外砸门，我躲在厕所，快报警",),
    ),
    Guard(
        name="通报与判决", scope="text", yields="now",
        pattern="通报|警方|嫌疑人|犯罪嫌疑|被告|判处|获刑|有期徒刑|一审|二审|宣判|开庭|检察|公诉|案发|审结|刑拘|逮捕|批捕|落网",
        holds=("警情通报：她今晚拿着刀要砍他，已被刑拘", "法院一审判处他有期徒刑，他多次扬言杀了我们邻居"),
        frees=("一审判离，他不服，现在提着刀在楼下喊要砍我，求求帮我报警",),
    ),
    Guard(
        name="影视与小说", scope="text", yields="rescue", doubts=True,
        pattern="电视剧|剧[里中情集组版终透]|[这那]部?剧|追剧|电影|影片|(?<![照相图])片[子中里]|小说|书里|男主|女主(?!人)|男二|女二|反派|角色|演员|演技|编剧|导演|台词|第[0-9一二三四五六七八九十百]+[集章回话]|结局|歌词|同人|饰演|扮演|话剧|模拟法庭|论文|译文|展览",
        holds=("小说第三章她被锁在阁楼，拿着刀的男人就在门外", "电视剧里他又在打我女神，气死"),
        frees=("我不是在说电视剧，他现在就在踹门，我和孩子躲在厕所，求求谁帮我报警",),
    ),
    Guard(
        name="游戏与综艺", scope="text", yields="rescue", doubts=True,
        pattern="番[里剧]|漫画|动漫|游戏(?!里让|不能告诉|”)|副本|BOSS|boss|段子|剧本|综艺|密室|队友|手游|王者|主机|通关|彩排|排练",
        holds=("这个BOSS追着我砍，现在躲在柜子后面", "密室里拿刀的NPC追我，我们躲在衣柜里，救命哈哈"),
        frees=("他打游戏输了，现在在外面砸门，我和孩子躲在厕所，求求帮我报警",),
    ),
    Guard(
        name="已经过去或解决", scope="text", yields="now",
        pattern="谢谢.{0,16}(?:帮|解决|处理|协调|陪|转发)|感谢|多亏|终于.{0,10}(?:解决|拿到|要回|离了|离掉|走出来|发了)|已经?解决|解决了|幸好|还好(?:当时|都)|现在好了|早就好了|走出来的?第|都过去了|已经离了|锦旗|已脱险|(?:孩子|人|女儿|姑娘).{0,3}找到了|已结|要不是她|没有后来|点个?赞|表扬|致敬|向那位|报个?平安|获救|妥善处置",
        holds=("多亏网格员，上周他拿刀堵我，今天我和孩子都平安", "孩子找到了，走丢两天，谢谢大家帮转"),
        frees=("感谢上次帮我的人，可是他今晚又来砸门了，我不敢开，快来人",),
    ),
    Guard(
        name="广告", scope="text", yields="now", doubts=True,
        pattern="免费咨询|免咨询费|律师团队|专业团队|本律师|律所|扫码|关注我|点击|下单|包邮|(?:进|来|到|锁定|蹲|关注).{0,4}直播间|直播间.{0,4}(?:见|等你|福利|优惠|下单|抽|秒|抢|价|链接|上架)|代理(?!孕)|招聘|投递|一对一(?:咨询|服务|辅导|指导|解答|定制|教学|带)|优惠|预约资深",
        holds=("老公打我怎么办？律师团队免费咨询，扫码加微信", "被家暴不敢说？点击主页预约"),
        frees=("律所都下班了，他现在拿着刀堵我在楼道，我该怎么办，求求报警", "他一边喊着来直播间抢福利，现在就在砸我的门，我躲在厕所不敢出声，求求帮我报警"),
    ),
    Guard(
        name="问答与办事公告", scope="text", yields="now", doubts=True,
        pattern="答:|一问一答|普法|科普|小贴士|温馨提示|安排表|报名方式|宣传(?!的|栏)|讲座|进社区|倡议|防拐|说法:|解读|回复网民|须知|指引|分享会",
        holds=("问：他打我怎么办？答：请及时报警并申请保护令", "普法小课堂：被跟踪不要慌，不敢回家就去便利店，马上报警"),
        frees=("听过反家暴讲座也没用，他现在就在踹门，我躲在阳台，快来人",),
    ),
    Guard(
        name="住店与购物点评", scope="text", yields="rescue", doubts=True,
        pattern=rf"(?:{STAY})[\s\S]{{0,300}}(?:{REVIEW})|(?:{REVIEW})[\s\S]{{0,300}}(?:{STAY})",
        holds=("入住时服务员又来敲门，我不敢开，原来是送水，态度倒好", "玻璃窗户大大的，可以坐在窗台喝红酒看夜景，我还会再住这家宾馆"),
        frees=("他把我关在宾馆房间里，前台态度冷冰冰不肯管，他现在就在门外砸门，快报警",),
    ),
    Guard(
        name="假设与举例", scope="sentence", yields="rescue",
        pattern="(?<!说)如果(?:我|你)(?!敢|不|没)|(?<!说)(?:要是|哪天)(?:你|哪天|我老公|他敢)|假如|假设|倘若|万一|比如|例如|譬如|试想",
        holds=("如果我老公敢打我，现在就离", "万一他拿刀追我怎么办，恐怖片看多了"),
        frees=("万一我没了，凶手是他，他现在在门外砸门，求求帮我报警",),
    ),
    Guard(
        name="往事", scope="sentence", yields="rescue",
        pattern="古代|民国|清朝|旧社会|历史上|年代|当年|小时候|从前|曾经|年轻时|年前|那时候|那一辈|那年|那晚|当时我",
        holds=("当年他拿着刀追我，现在想起还发抖", "小时候爸爸喝酒就打妈妈，我躲在柜子里"),
        frees=("他跟当年一样，又拿刀在门外砸门，我躲在厕所不敢出声，求求帮我报警",),
    ),
    Guard(
        name="泛论男女与世道", scope="sentence", yields="rescue",
        pattern="数据|调查显示|研究|统计|百分之|有些|(?<!所)(?<!没)(?<!还)有的(?!是)|很多|无数|大部分|所谓的|男人都|女人都|男的都|女的都|女性|妇女(?!主任|联|之家|节|干部|权益|代表|儿童|维权)|男性|男权|女权|女拳|打拳|拳师|国男|黑人|地域|印度|日本|美国|韩国|自媒体|网友(?:说|们|评)|这种人|这样的|那种(?!不|照)|是不是说|难道|凭什么|怎么不|为什么不|不就是|你们女|你们男|强奸犯|社会上",
        holds=("男人都这样，打我打她都是家常便饭，不敢说", "很多女性被锁在家里，不敢求救，为什么没人管"),
        frees=("都说女权过分，可他现在就在踹我的门，我躲着不敢出声，求求报警",),
    ),
    Guard(
        name="劝别人", scope="sentence", yields="rescue",
        pattern="建议你|劝你|你应该|你可以|姐妹们?[,，]?(?:记住|一定|千万|注意)|请拨打|可拨打|可以拨打|必要时拨打|遇到.{0,14}(?:要|请|可)|请及时|要及时|记得报警|提醒|第一,",
        holds=("姐妹们记住，有人跟着我们就躲进便利店，马上报警", "建议你现在就报警，他打你不是爱你"),
        frees=("都劝你可以跑，我跑不了，他现在锁着门拿着刀，求求帮我报警",),
    ),
    Guard(
        name="没有动手", scope="sentence", yields="rescue",
        pattern="(?:没|没有|不|从不|从没|再没|再也没|不会|不再)(?:动手)?(?:打|骂|掐|砸|威胁|骚扰|跟踪)(?:过)?(?:我|她|人|门|孩子)|不敢打我|(?:门|他).{0,4}没(?:再)?来",
        holds=("老公现在不打我了，家里安静得很", "他从没打过我，今晚还给我煮面"),
        frees=("他没打我，可他现在拿着刀坐在门口，不让我出去，求求帮我报警",),
    ),
    Guard(
        name="玩笑与夸张", scope="sentence", yields="rescue",
        pattern="救命[^,。!?]{0,8}(?:好|太|怎么|笑|可爱|帅|香|美|甜|绝|尬|离谱|无语|谁懂|啊啊|周)|救命啊?[, ]?(?:这|好|太|笑|谁|新|我)[^,。]{0,14}(?:好|太|笑|吃)|笑死|哈哈|嘿嘿|hhh|233|\\[笑|\\[doge|doge|狗头|🤣|😂|😅|想死[你我]|[累热困气烦甜饿美疼]死|求推荐|求安利|求链接|求同款|求续|求资源|帮我选|砍一刀|投票|笑不活|笑到|笑我|种草|磕死|嗑|奶猫|小狗|狗子|猫(?!眼)|教练(?!.{0,12}(?:单独|摸|洗|脱|搂|骚扰|叫进|关门|关着门))|股票|作者大大|打工人|数学|跳楼价|装修|弹珠|超时|腊肉|老板(?:杀|要杀|想杀)|加班|作业|周报|减肥",
        holds=("老板杀我，今晚又加班，救命", "笑死，我现在躲在厕所里打她的排位"),
        frees=("哈哈我都笑不出来了，他现在拿刀在门外，我躲在厕所，快报警",),
    ),
)  # fmt: skip

"""Names of private persons, where the words around them say that this is one.

Only such places are looked at: 姓名：…, 我叫…, 受害人…, 8 岁的…, …，女，. A name behind an office (书记, 局长, 民警) is not,
so officials and institutions keep theirs. Whoever is already 某, XX or 女士 stays as written.
"""

import re
from collections.abc import Iterator
from importlib import resources
from typing import Final

from text.alternatives import any_of
from text.number_runs import Span
from text.script_forms import written_forms

_SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛奚范彭郎鲁韦昌马苗凤方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于"
    "傅卞齐康伍余卜顾孟黄穆萧尹姚邵湛汪祁毛禹狄贝明臧计成戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房解应丁"
    "邓郁单洪包左石崔吉龚程邢裴陆荣翁荀甄曲封储靳井段焦巴牧山谷车侯全班仰秋仲宫宁仇栾甘祖武符刘景詹束龙叶幸司郜黎蓟薄印宿白怀蒲卓蔺屠蒙池乔胥闻党翟谭贡姬申扶冉"
    "雍桑桂濮牛寿边燕冀尚农温庄晏柴瞿阎慕连茹习艾鱼容向古易慎戈廖庾衡步都耿满弘匡国文寇广禄东欧利师巩聂晁勾敖融冷辛阚那简饶曾关相查红游权盖益桓公涂肖尧匙付代闫覃佘"
)
_FIRM: Final = (
    "赵孙李吴郑王冯陈蒋沈韩杨朱秦许何吕施张曹魏陶姜谢邹喻苏潘葛范彭鲁韦袁柳鲍唐薛贺倪汤滕罗毕郝傅康余顾孟萧尹姚邵汪祁戴宋庞熊纪屈董梁杜阮贾娄颜郭梅林钟徐邱骆蔡田樊胡"
    "凌霍虞柯卢莫丁邓洪崔龚程邢裴陆翁靳段焦侯刘詹黎谭翟瞿聂廖耿饶肖闫覃佘付周黄高马夏叶"
)
"""Surnames that seldom begin a common word; needed where a name stands beside its role without a sign between."""
_LIKELY: Final = _FIRM + "方史金石任江温龙秦白文武尹匡欧易龚严俞柏殷穆狄米贝蓝路童盛桂喻岳晏鄢粟"
"""Surnames as they stand behind 叫."""
_COMPOUND: Final = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|长孙|宇文|司徒|夏侯|端木|独孤|南宫|申屠|轩辕"
_NEVER: Final = "的了是在被我你您他她它们和与跟对说有不就都也很还从到把让给为之这那个什么怎吗呢吧啊呀哦嗯某且或但而又再才只能会要想去来走吃打骂人们值率"
_AFTER: Final = "今昨前每于因曾女男岁住电手身已没突时同向所以后当做叫姓遭受称表反映诉认介告报指提签收死失遇及等均系随立赶带抱拿写发回到出进离起只仍正刚先就家放跳"
"""Begins the next word rather than ending a name of three."""
_GIVEN: Final = rf"[^\W0-9A-Za-z_{_NEVER}]"
_LAST: Final = rf"[^\W0-9A-Za-z_{_NEVER}{_AFTER}]"
_TITLED: Final = r"(?!女士|先生|某|阿姨|大妈|大姐|姐|哥|叔|老师|医生|主任|书记|局长|院长|校长|所长|队长|科长|处长|部长|县长|市长|镇长|村长|师傅|律师|警官|经理|老板|小姐|同学|总监|太太|大爷|大嫂|嫂|妈|爸|奶|爷|婶|婆|伯|爹|嗲嗲|娭毑|总$|姓)"
_NAME: Final = rf"(?:(?:{_COMPOUND}){_GIVEN}{_LAST}?|[{_SURNAMES}]{_TITLED}{_GIVEN}{_LAST}?)"
_LIKELY_NAME: Final = rf"(?:(?:{_COMPOUND}){_GIVEN}{_LAST}?|[{_LIKELY}]{_TITLED}{_GIVEN}{_LAST}?)"
_FIRM_NAME: Final = rf"(?:(?:{_COMPOUND}){_GIVEN}{_LAST}?|[{_FIRM}]{_TITLED}{_GIVEN}{_LAST}?)"
_END: Final = rf"(?![^\W0-9A-Za-z_{_NEVER}{_AFTER}]|·)"
"""After the name the sentence goes on with a sign, a digit or a word that no name holds."""
_WORDS: Final = frozenset(
    word
    for line in resources.files("text").joinpath("not_names.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
"""Words and places that begin as a name would."""

_STRONG_ROLES: Final = (
    "举报人|被举报人|受害人|受害者|被害人|被害者|当事人|投诉人|报案人|报警人|求助人|求助者|申请人|被申请人|原告|被告|上诉人|死者|逝者|伤者|患者|失踪者|走失者|幸存者|遇害者|受害女子|受害女孩|受害女生"
    "|受害女童|受害学生|受害儿童|嫌疑人|施暴者|女童|男童|幼女|孕妇|产妇|女孩|男孩|女生|男生|女学生|男学生|网友|市民|村民|居民|业主|家长|员工|女工|女子|男子|妇女|化名"
)
_WEAK_ROLES: Final = "孩子|女儿|儿子|学生|老公|老婆|丈夫|妻子|前夫|前妻|婆婆|公公|同学|室友|邻居|闺蜜|男友|女友|男朋友|女朋友|前男友|前女友|妹妹|姐姐|弟弟|哥哥|爸爸|妈妈|父亲|母亲|外甥女|侄女|孙女|孙子|宝宝"
_SAYS: Final = r"(?:的?(?:名字|姓名|大名|全名))?(?:是叫|叫做|名叫|就叫|叫|名为|[:：]|名字是)[\s“\"「]?"

_LABELLED: Final = re.compile(
    r"(?:姓\s?名|真实姓名|真名|全名|本名|联系人|收件人|收货人|户主|监护人|负责人姓名|患儿|幼儿姓名|学生姓名|孩子姓名|儿童姓名|家长姓名|举报人|受害人|被害人|投诉人|报案人|申请人|当事人)[\s]?[:：]\s?"
    r"([\u4e00-\u9fff·]{1,12}?)(?=性别|年龄|民族|电话|手机|身份|住址|地址|单位|职业|学校|班级|出生|联系|[^\u4e00-\u9fff·]|$)"
)
_SAID: Final = re.compile(
    rf"(?:(?:我|本人|她|他|对方|此人|那人|名字)(?:的?(?:名字|姓名|真名))?(?:叫做|名叫|就叫|叫|名为|名字是)[\s“\"「:：]?({_LIKELY_NAME})(?!做|我|你|他|她))"
    rf"|(?:(?:{_STRONG_ROLES}|{_WEAK_ROLES}){_SAYS}({_LIKELY_NAME}))"
    rf"|(?:(?:我是|本人|实名举报人|我名)[\s:：，,]?({_FIRM_NAME})(?=[，。,；;！!\s（(、]|$))"
)
_BESIDE: Final = re.compile(rf"(?:{_STRONG_ROLES}|{_WEAK_ROLES}|死者|涉事)[\s“\"「（(]?({_FIRM_NAME}){_END}")
_AGED: Final = re.compile(
    rf"[0-9一二三四五六七八九十]岁(?:多|半)?的?(?:小?女孩|小?男孩|女童|男童|女生|男生|女儿|儿子|孩子|学生|幼女|少女|少年|女子|姑娘)?[\s“\"「]?({_FIRM_NAME}){_END}"
)
_DESCRIBED: Final = re.compile(
    rf"(?<![\u4e00-\u9fff])({_LIKELY_NAME})[\s]?[，,（(、]\s?(?:男|女|[0-9]{{1,2}}岁)[，,、）)。](?!.{{0,40}}(?:[汉苗侗瑶土回藏壮满]家?族|党员|现任|曾任|历任|任[^何意性]|书记|干部|局|代表))"
)
_LABELLED_NOT: Final = re.compile(
    r"某|女士|先生|老师|主任|书记|经理|医生|律师|警官|同志|公司|学校|中心|委员|社区|单位|部门|局|院|所|处|科|会|略|无|不|是|匿名|保密|遮盖|本人|家属|如|见|姓|的"
)
_LABELS: Final = (
    "姓名", "姓 名", "真名", "全名", "本名", "联系人", "收件人", "收货人", "户主", "监护人", "患儿", "举报人", "受害人", "被害人", "投诉人", "报案人",
    "申请人", "当事人",
)  # fmt: skip
_BEGINS: Final = f"[{_LIKELY}{_COMPOUND.replace('|', '')}]"
_ROLE_HINT: Final = any_of(
    written_forms(*_STRONG_ROLES.split("|"), *_WEAK_ROLES.split("|"), "涉事"),
    rf"(?:[\s“\"「（(]?{_BEGINS}|的?(?:名|姓名|大名|全名)|是?叫|就叫|[:：])",
)
_OTHER_HINT: Final = "|".join(
    (
        any_of(written_forms(*_LABELS), r"\s?[:：]"),
        any_of(("叫", "名为", "名字是", "本人", "我是", "我名", "实名举报人"), rf"做?[\s“\"「:：，,]?{_BEGINS}"),
        any_of(
            written_forms("岁"), rf"(?:[，,、）)。]|(?:多|半)?的?(?:小|女|男|儿|孩|学|幼|少|姑|[\s“\"「]|{_BEGINS}))"
        ),
        any_of((f"{before}{sex}" for before in "，,（(、 " for sex in "男女"), "[，,、）)。]"),
    )
)
NAME_HINTS: Final = (re.compile(_ROLE_HINT), re.compile(_OTHER_HINT))
"""One of them finds something in every text that holds a name to mask; every branch begins with a plain letter."""


def name_spans(shadow: str) -> Iterator[Span]:
    """Yield the names of private persons that a rule can know."""
    for match in _LABELLED.finditer(shadow):
        if (end := _labelled_end(match)) and end > match.start(1):
            yield Span(match.start(1), end, "name")
    for pattern in (_SAID, _BESIDE, _AGED, _DESCRIBED):
        for match in pattern.finditer(shadow):
            start, end = match.span(match.lastindex or 0)
            if not _is_word(shadow[start:end]):
                yield Span(start, end, "name")


def _labelled_end(match: re.Match[str]) -> int | None:
    """Return where the name after a label ends: all of a short value, else what looks like a name."""
    value, start = match.group(1), match.start(1)
    if "·" in value:
        return match.end(1)
    if len(value) <= 4:
        return None if _LABELLED_NOT.search(value) else match.end(1)
    name = re.match(_NAME, value)
    return start + name.end() if name and not _is_word(name.group()) else None


def _is_word(name: str) -> bool:
    return name[:2] in _WORDS

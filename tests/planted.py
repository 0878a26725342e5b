"""Personal data of our own making, in the forms in which people write it, and what only looks like it.

Nothing here belongs to anybody: numbers are drawn from a seeded generator, places and institutions are invented.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from text.script_forms import plain_digits, shadow


class Planted(NamedTuple):
    """A sentence, the piece of it that must not survive, and the kind that must be named."""

    kind: str
    form: str
    raw: str
    sentence: str


class Kind(NamedTuple):
    """How to draw one of a kind, and a sentence for it."""

    name: str
    """Of the kind as it is planted; several may be masked as one."""
    masked_as: str
    draw: Callable[[random.Random], str]
    sentences: tuple[str, ...]
    is_number: bool = True


def _digits(rng: random.Random, count: int, first: str = "123456789") -> str:
    return rng.choice(first) + "".join(rng.choice("0123456789") for _ in range(count - 1))


def mobile(rng: random.Random) -> str:
    return "1" + _digits(rng, 10, "3456789")


def landline(rng: random.Random) -> str:
    return rng.choice(("0731", "0732", "0745", "010", "021")) + _digits(rng, 8, "2345678")


def resident_id(rng: random.Random) -> str:
    body = f"43{rng.randint(100, 999):04d}{rng.randint(1950, 2015)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(0, 999):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def old_resident_id(rng: random.Random) -> str:
    return f"43{rng.randint(100, 999):04d}{rng.randint(50, 99)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(0, 999):03d}"


def card(rng: random.Random) -> str:
    body = "62" + _digits(rng, rng.choice((13, 16)), "0123456789")
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in body[::-2])
    return body + str(-(doubled + sum(map(int, body[-2::-2]))) % 10)


def _hong_kong_id(rng: random.Random) -> str:
    letter, digits = rng.choice("ABCDEFGHKPRVZ"), _digits(rng, 6)
    total = 36 * 9 + (ord(letter) - 55) * 8 + sum(int(d) * w for d, w in zip(digits, range(7, 1, -1), strict=True))
    check = (11 - total % 11) % 11
    return f"{letter}{digits}({'0123456789A'[check]})"


_NAMES: Final = (
    "李小棠",
    "王芷兰",
    "刘梦溪",
    "陈雨桐",
    "杨紫菡",
    "赵一诺",
    "周子涵",
    "吴若彤",
    "徐静姝",
    "孙可馨",
    "何诗琪",
    "罗雅婷",
    "欧阳小婵",
    "郭秀芳",
    "唐月娥",
)
_ROADS: Final = ("枫林三路", "桂花巷", "韶光大道", "建湘北路", "麓枫街", "映山红路")
_ESTATES: Final = ("望江小区", "银杏花园", "翠竹家园", "橘洲公寓")
_NICKS: Final = ("小辣椒", "月亮不睡", "爱吃粉的猫", "风中的草")


def _name(rng: random.Random) -> str:
    return rng.choice(_NAMES)


KINDS: Final = (
    Kind("mobile", "phone", mobile, ("我的电话{}，请回电。", "打{}找我", "救救我，{}", "联系（{}）。", "手机号是{}谢谢")),
    Kind("mobile with country code", "phone", lambda rng: "86" + mobile(rng), ("我的号码+{}，随时打。",)),
    Kind("landline", "phone", landline, ("家里座机{}，晚上有人。", "固话：{}。")),
    Kind("local number", "phone", lambda rng: _digits(rng, 8, "2345678"), ("家里电话：{}。", "我家座机号码是{}，别打错")),
    Kind("resident id", "resident_id", resident_id, ("身份证{}，查一下。", "我的证件号码：{}", "这是他的号{}，请核实。")),
    Kind("old resident id", "resident_id", old_resident_id, ("老身份证{}，补办的。",)),
    Kind("bank card", "card", card, ("打到{}这张卡上。", "卡号：{}，开户在县里。", "工资卡{}")),
    Kind("wechat by mobile", "wechat", mobile, ("微信同号{}", "加V：{}", "薇信{}", "v信 {}，备注求助", "加微{}")),
    Kind("qq", "qq", lambda rng: _digits(rng, 10), ("QQ {}，加我", "扣扣：{}", "企鹅号{}。", "QQ群{}里说")),
    Kind("passport", "passport", lambda rng: "E" + _digits(rng, 8), ("护照号{}丢了", "护照：{}。")),
    Kind("permit", "permit", lambda rng: "C" + _digits(rng, 8), ("港澳通行证{}被扣", "通行证号码：{}")),
    Kind("driving licence", "licence", lambda rng: _digits(rng, 12), ("驾驶证号{}，被他拿走了", "档案编号：{}")),
    Kind("social security", "social_security", lambda rng: _digits(rng, 10), ("社保号{}查不到", "医保卡号：{}")),
    Kind("student number", "student_no", lambda rng: _digits(rng, 10), ("我是学生，学号{}。", "准考证号：{}")),
    Kind("employee number", "employee_no", lambda rng: _digits(rng, 7), ("工号{}，怀孕被辞退", "员工编号：{}")),
    Kind("medical record", "medical_no", lambda rng: _digits(rng, 8), ("病历号{}，县医院的", "住院号：{}")),
    Kind("parcel", "parcel_no", lambda rng: _digits(rng, 12), ("快递单号{}，里面是证据", "运单号：{}")),
    Kind("marriage certificate", "marriage_no", lambda rng: "J" + _digits(rng, 16), ("结婚证字号{}。", "离婚证{}")),
    Kind("birth certificate", "birth_no", lambda rng: "K" + _digits(rng, 9), ("出生医学证明编号{}", "出生证号：{}。")),
    Kind("property deed", "property_no", lambda rng: _digits(rng, 9), ("房产证号{}写的他", "不动产权证书号：{}")),
    Kind("household register", "household_no", lambda rng: _digits(rng, 9), ("户口本号{}，我想迁出来", "户号：{}")),
    Kind("plate", "plate", lambda rng: "湘" + rng.choice("ABCDEFGHJ") + _digits(rng, 5), ("他开{}跟着我。", "车牌：{}")),
    Kind("new energy plate", "plate", lambda rng: "湘" + rng.choice("ABC") + "D" + _digits(rng, 5), ("车是{}，天天停楼下",)),
    Kind("e-mail", "email", lambda rng: f"leser{_digits(rng, 6)}@mail.example.com", ("邮箱{}，发我。",), is_number=False),
    Kind("spelt e-mail", "email", lambda rng: f"leser{_digits(rng, 6)} 艾特 mail点example点com", ("写信到 {}。",), is_number=False),
    Kind("wechat id", "wechat", lambda rng: f"hn_{_digits(rng, 7)}", ("加微信：{}", "vx {} 细说", "V信{}", "➕薇 {}"), is_number=False),
    Kind("platform account", "account", lambda rng: f"xiangmei{_digits(rng, 6)}", ("抖音号：{}", "小红书ID {}", "微博账号{}"), is_number=False),
    Kind("handle", "username", lambda rng: f"@{rng.choice(_NICKS)}{_digits(rng, 3)}", ("转发 {} 的话", "回复{}：你说得对"), is_number=False),
    Kind("nickname", "username", lambda rng: f"{rng.choice(_NICKS)}{_digits(rng, 4)}", ("他网名叫{}，", "昵称：{}"), is_number=False),
    Kind("editor of a post", "username", lambda rng: f"{rng.choice(_NICKS)}{_digits(rng, 4)}", ("本帖最后由 {} 于 2026-11-20 10:00 编辑",), is_number=False),
    Kind("author of a quoted post", "username", lambda rng: f"{rng.choice(_NICKS)}{_digits(rng, 4)}", ("\n{} 发表于 2026-11-20 10:00\n说得对", "回复 3楼 {} 的帖子", "\n{} 写道：\n我同意"), is_number=False),
    Kind("writer of a letter", "username", lambda rng: f"{rng.choice(_NICKS)}{_digits(rng, 4)}", ("留言人：{}\n", "发帖人：{}，"), is_number=False),
    Kind("profile", "profile", lambda rng: f"https://weibo.com/u/{_digits(rng, 10)}", ("主页 {} 在这里",), is_number=False),
    Kind("name after a label", "name", _name, ("姓名：{}", "联系人：{}。", "患儿姓名：{}，5岁"), is_number=False),
    Kind("own name", "name", _name, ("我叫{}，今年30岁。", "她名叫{}，住镇上"), is_number=False),
    Kind("name after a role", "name", _name, ("受害人{}已报警。", "举报人{}称", "当事人{}，没有再来", "孩子叫{}，上三年级", "女童{}被打"), is_number=False),
    Kind("name of a minor", "name", _name, ("8岁的{}被关在门外", "15岁女孩{}失踪", "{}，女，14岁，走失"), is_number=False),
    Kind("address", "address", lambda rng: f"{rng.choice(_ROADS)}{rng.randint(32, 999)}号", ("我住在{}，快来。", "地址：长沙市{}3栋502室"), is_number=False),
    Kind("estate", "address", lambda rng: f"{rng.choice(_ESTATES)}{rng.randint(1, 40)}栋{rng.randint(1, 4)}单元{rng.randint(101, 999)}", ("他就在{}，", "住{}"), is_number=False),
    Kind("village group", "address", lambda rng: f"桃溪村{rng.choice('一二三四五六七八九')}组{rng.randint(1, 99)}号", ("我在{}，没人管", "家住{}"), is_number=False),
    Kind("coordinates", "coordinates", lambda rng: f"28.{_digits(rng, 5)},112.{_digits(rng, 5)}", ("位置 {}，救我",), is_number=False),
    Kind("birthday", "birthday", lambda rng: f"{rng.randint(1950, 2015)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日", ("出生日期：{}", "她{}出生在县里"), is_number=False),
    Kind("password", "password", lambda rng: f"Mm{_digits(rng, 6)}", ("密码是{}，他改了", "验证码：{}"), is_number=False),
    Kind("ip", "ip", lambda rng: ".".join(str(rng.randint(11, 250)) for _ in range(4)), ("IP地址{}发的", "IP：{}"), is_number=False),
    Kind("Hong Kong id", "hk_id", _hong_kong_id, ("香港身份证 {} 的人",), is_number=False),
)  # fmt: skip


def _each(form: Callable[[str], str]) -> Callable[[str], str]:
    return lambda raw: "".join(form(letter) if letter in "0123456789" else letter for letter in raw)


def _apart(sign: str) -> Callable[[str], str]:
    return sign.join


def _grouped(sign: str) -> Callable[[str], str]:
    """3-4-4 for eleven digits, else groups of four from the right end."""

    def form(raw: str) -> str:
        if len(raw) == 11 and raw[0] == "1":
            return sign.join((raw[:3], raw[3:7], raw[7:]))
        head = len(raw) % 4
        return sign.join(([raw[:head]] if head else []) + [raw[at : at + 4] for at in range(head, len(raw), 4)])

    return form


FORMS: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "full-width": _each(lambda digit: chr(0xFF10 + int(digit))),
    "spelt": _each(lambda digit: "零一二三四五六七八九"[int(digit)]),
    "spelt for the ear": _each(lambda digit: "洞幺二三四五六拐八勾"[int(digit)]),
    "spelt as on cheques": _each(lambda digit: "零壹贰叁肆伍陆柒捌玖"[int(digit)]),
    "circled": _each(lambda digit: "⓪①②③④⑤⑥⑦⑧⑨"[int(digit)]),
    "keycaps": _each(lambda digit: digit + "\ufe0f\u20e3"),
    "blanks": _apart(" "),
    "dots": _apart("."),
    "dashes": _apart("-"),
    "emoji": _apart("🔥"),
    "zero width": _apart("\u200b"),
    "groups by blank": _grouped(" "),
    "groups by dash": _grouped("-"),
    "groups by emoji": _grouped("💧"),
    "half spelt": lambda raw: FORMS["spelt"](raw[: len(raw) // 2]) + raw[len(raw) // 2 :],
}
"""Of a number; letters stay what they are."""


def planted(rng: random.Random, kind: Kind, form: str) -> Planted:
    drawn = kind.draw(rng)
    raw = FORMS[form](drawn) if kind.is_number else drawn
    return Planted(kind.masked_as, form, raw, rng.choice(kind.sentences).replace("{}", raw))


def all_planted(seed: int, each: int = 1) -> Iterator[Planted]:
    """Yield every kind in every form, each so many times."""
    rng = random.Random(seed)
    for kind in KINDS:
        for form in FORMS if kind.is_number else ("plain",):
            for _ in range(each):
                yield planted(rng, kind, form)


def digits_of(raw: str) -> str:
    """Return the digits of a piece of text in any script as 0-9."""
    return plain_digits(shadow(raw))


_HOTLINES: Final = (
    "110", "119", "120", "122", "12338", "12345", "12309", "12333", "12348", "12351", "12355", "12356", "12368", "12315", "12388",
    "114", "95598", "12320",
)  # fmt: skip


def _date(rng: random.Random) -> tuple[int, int, int]:
    return rng.randint(1990, 2026), rng.randint(1, 12), rng.randint(1, 28)


def look_alikes(seed: int, count: int) -> Iterator[str]:
    """Yield sentences with public numbers, dates, prices, document numbers, articles of law, offices and institutions."""
    rng = random.Random(seed)
    offices = ("县委书记", "市妇联主席", "民警", "法官", "局长", "副市长", "校长", "记者", "主任")
    people = ("王建国", "李秀英", "张伟", "陈志强", "周海燕")
    while True:
        year, month, day = _date(rng)
        number = rng.randint(1, 99_999)
        a, b = rng.sample(_HOTLINES, 2)
        yield from (
            f"请拨打{a}或者{b}，全天有人接听。",
            f"维权热线：{a}，心理援助{b}。",
            f"客服电话400-{rng.randint(100, 999)}-{rng.randint(1000, 9999)}，8:30-17:30。",
            f"招生热线 800{rng.randint(1_000_000, 9_999_999)}",
            f"全国统一热线400{rng.randint(1_000_000, 9_999_999)}，免费咨询",
            f"加微信公众号，拨{a}也行",
            f"{year}年{month}月{day}日召开会议，参会{number}人。",
            f"{year}-{month:02d}-{day:02d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:{rng.randint(0, 59):02d} 发布",
            f"{year}/{month}/{day}至{year}/{month}/{day + 1}报名，{year}.{month}.{day}截止",
            f"报名时间{month}月{day}号上午9:00-11:30，下午14:30-17:00",
            f"编号{year}{month:02d}{day:02d}{rng.randint(0, 999_999):06d}，请保存",
            f"订单{year}{month:02d}{day:02d}{rng.randint(10**9, 10**10 - 1)}，还没发货",
            f"补贴{rng.randint(1000, 99_999)}元，一次付清，共{number * 1000}元。",
            f"售价￥{rng.randint(100, 99_999)}.{rng.randint(10, 99)}，打完折{rng.randint(10, 999)}.9元",
            f"预算{rng.randint(10**9, 10**10 - 1)}元，支出13{rng.randint(10**8, 10**9 - 1)}元。",
            f"湘妇字〔{year}〕{rng.randint(1, 99)}号文件",
            f"长政办发〔{year}〕{rng.randint(1, 199)}号，国发[{year}]{rng.randint(1, 50)}号",
            f"（{year}）湘0102民初{number}号判决书",
            f"《妇女权益保障法》第{rng.choice('一二三四五六七八')}十{rng.choice('一二三四五六七八九')}条、第一百{rng.choice('一二三')}十二条",
            f"第{number}号提案，第{rng.randint(1, 30)}批，共{rng.randint(1, 300)}件",
            f"公交{rng.randint(1, 999)}路到五一广场，换地铁{rng.randint(1, 8)}号线",
            f"G{rng.randint(1000, 9999)}次列车{rng.randint(6, 22)}:{rng.randint(10, 59)}开，CZ{rng.randint(1000, 9999)}航班",
            f"邮编41{rng.randint(0, 9999):04d}，区号0731，行政区划代码43{rng.randint(100, 999):04d}",
            f"全省{number * 100}名妇女受益，同比增长{rng.randint(1, 99)}.{rng.randint(1, 99)}%，排名{rng.randint(1, 14)}",
            f"统一社会信用代码91430100MA4L{rng.randint(10**4, 10**5 - 1)}X",
            f"ISBN 978-7-5404-{rng.randint(1000, 9999)}-{rng.randint(0, 9)}，定价{rng.randint(20, 90)}.00元",
            f"{rng.choice(offices)}{rng.choice(people)}表示，将在{month}月底前办结。",
            f"{rng.choice(people)}，女，汉族，{year}年{month}月生，中共党员，现任县妇联主席。",
            f"@湖南妇联 @长沙公安 @红网时刻新闻 请关注，已有{number}人转发",
            f"学生王者荣耀充了{number}元，孩子成绩下滑，老师很着急",
            f"软件版本{rng.randint(1, 20)}.{rng.randint(0, 20)}.{rng.randint(0, 99)}，大小{rng.randint(10, 999)}.5MB",
            f"比分{rng.randint(0, 5)}:{rng.randint(0, 5)}，用时{rng.randint(1, 2)}:{rng.randint(10, 59)}:{rng.randint(10, 59)}",
            f"孕期{rng.randint(4, 40)}周，HCG {rng.randint(1000, 99_999)}.{rng.randint(10, 99)}，血压120/80",
            f"芙蓉中路{rng.randint(1, 30)}号前封闭施工，绕行人民路",
            f"民政局、教育局、{rng.randint(2, 20)}个社区参加，活动代码{rng.randint(1000, 9999)}",
            f"阅读{rng.randint(10_000, 9_999_999)} 点赞{rng.randint(1000, 99_999)} 转发{rng.randint(10, 9999)}",
            f"股票代码60{rng.randint(1000, 9999)}，收盘{rng.randint(3, 99)}.{rng.randint(10, 99)}元",
            f"产假{rng.randint(98, 188)}天，第{rng.randint(1, 3)}孩，补助{rng.randint(3, 10)}000元，{year}年起",
        )
        count -= 38
        if count <= 0:
            return

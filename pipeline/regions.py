"""Which places a text is about: Hunan to county, elsewhere to city.

Names are found by their first two characters, longest first. What only looks like a place is passed over: a street, a
dish, a dialect or a broadcaster named after one, a person of that name, a place that the text denies. A name that is
also an ordinary word counts only with support: the division that holds it right before it, a word of place around it.
What a platform states of the author (IP属地, 发布于) is no place of the text; where the author is registered counts
only when the text names nothing else.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import msgspec

from contracts.region import HUNAN, names, parent, prefix
from pipeline.pairs import Pairs

MOST: Final = 3
_READ: Final = 2000
"""Characters that are read: a place named later than that is not what a post is about."""

_PEOPLES: Final = "壮族|回族|维吾尔|土家族|苗族|侗族|瑶族|藏族|彝族|羌族|布依族|哈尼族|傣族|景颇族|傈僳族|白族|蒙古族|蒙古|朝鲜族|哈萨克|柯尔克孜"
_SUFFIX: Final = re.compile(rf"(?:特别行政区|(?:{_PEOPLES})*自治[区州县]|[省市县区盟]|地区)$")
_NAMED_AFTER: Final = re.compile(
    "[东南西北中]?[一二三四五六]?(?:路|街|大道|巷|桥)|人民公社|石化|卫视|晨报|日报|晚报|传奇|男(?![的孩女人生子友])|网(?!友|民|络|红|吧|贷)"
    "|话(?!费|题)|方言|口音|菜|臭豆腐|米粉|鱼粉|牛肉粉|牛肉面|汤粉|血鸭|卤菜|黑茶|擂茶|蒸菜|鸡(?!蛋)|鸭|花猪|黄桃|三合汤|猪血|槟榔|香干|烧烤|毛尖|银针"
    "|黄花菜|烤鸭|火锅|热干面|拉面|红肠|麻花|大盘鸡|白药|辣椒炒肉|剁椒|腊肉|米豆腐|豆腐|豆皮|小吃|芦笋|冰糖橙|脐橙|咖啡|镇(?!上)|乡(?![下亲里])|村(?![里妇民委规干支])|社区|小区|山(?![里村区上])|山上"
)
"""What stands right after a short name that names something else."""
_TITLE: Final = "老师|同学|医生|大夫|护士|阿姨|叔叔|女士|先生|主任|书记|律师|法官|记者|局长|院长|校长|所长|科长|经理|师傅|教授|警官|队长|老板"
_CALLED: Final = re.compile(
    rf"(?:^|[^\u4e00-\u9fff]|叫|叫做|名为|名字|姓名|感谢|谢谢|找到|班|同事|邻居|室友|舍友|闺蜜|朋友|前夫|前妻|老公|丈夫|老婆|表哥|表姐|堂哥|堂姐|被告|原告|嫌疑人|{_TITLE})$"
)
"""What stands before a surname that begins a person's name."""
_TITLE_AFTER: Final = re.compile(_TITLE)
_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_CALLED_SO: Final = ("名叫", "小名叫", "名字叫", "外号", "网名", "她叫", "他叫", "就叫")
_DENIED: Final = re.compile(
    "(?:(?<!是)不是|(?<![是还])不在|没在|并非|又不在|[没未]去过|[没未]到过|[没未]来过|别去|不属于|与|跟|和)(?:什么|在)?$"
)
_DENIED_AFTER: Final = re.compile("(?:省|市|县|区|州)?(?:那边|这边)?(?:无关|没关系|没有关系)")
_STAMP: Final = re.compile(r"(?:(?:IP|ip|Ip)\s*(?:属地|归属地|地址|所在地)?\s*[:：]?|发布于|发表于|来自[\s:：])\s*$")
_REGISTERED: Final = re.compile(
    r"(?:户籍|户籍地|户籍所在地|籍贯|祖籍|原籍|户口|户口所在地|户口还?在)\s*[:：]?\s*(?:是|在|为|还在)?\s*$"
)
_LOOK_BACK: Final = 10
_PLACE_BEFORE: Final = (
    "在", "到", "去", "回", "从", "于", "住", "来自", "我是", "她是", "他是", "妈是", "爸是", "公是", "婆是", "家是", "老家", "娘家", "婆家", "家里", "家住", "嫁", "往", "来",
)  # fmt: skip
_PLACE_AFTER: Final = re.compile("那边|这边|当地|一中|二中|警方|妇联|法院|县城|公安|教育局|民政局|人社局")
_WORK: Final = re.compile("有关|公安|人社|法院|检察|相关|部门|各|当地|市|民政|教育|卫健|妇联|司法|多|社区|学校|街道")
"""After 会同 it is the verb."""
_SHARED: Final = frozenset({"长沙", "湘潭", "衡阳", "邵阳", "岳阳"})
"""City and county of one name: the short form means the city."""
_WORDS: Final = frozenset(
    {"芙蓉", "天心", "开福", "雨花", "荷塘", "石峰", "天元", "雨湖", "石鼓", "南岳", "双清", "大祥", "北塔", "云溪", "君山", "武陵", "鼎城",
     "永定", "资阳", "北湖", "雁峰", "岳阳楼", "凤凰", "会同", "中方", "华容", "东安", "龙山", "桃源", "新田", "安化", "新化", "永兴", "安仁",
     "常宁", "双峰", "石门", "宁远", "洞口", "新宁", "资兴", "桂东", "永顺", "嘉禾", "安乡", "双牌", "通道", "保靖", "江华", "蓝山", "衡山", "望城",
     "中山", "东方", "大同", "白银", "黄山", "安康", "开封", "日照", "通化", "大理", "海东", "海北", "黄南", "海西", "山南", "和田",
     "巴中", "吉安", "崇左", "黄石", "太原", "来宾", "百色", "保山", "大庆", "朝阳", "凉山",
     "本溪", "三明", "玉树", "固原", "北海", "阳江", "云浮", "红河", "文山", "四平", "松原", "平凉", "安顺", "普洱", "河池",
     "兴安", "阿里", "甘南", "那曲", "乐山", "南平", "新余", "德州", "周口", "孝感",
     "玉林", "内江", "广元", "广安", "遂宁", "临夏", "定西", "商洛", "乌海",
     "白山", "白城", "黑河", "伊春", "怒江", "德宏", "果洛", "吴忠", "楚雄"}
)  # fmt: skip
"""Short names that are ordinary words, names of streets, dishes or people, or places elsewhere too."""
_ALSO: Final = {
    "湘西州": "433100", "湘西自治州": "433100", "邵东县": "430582", "祁阳县": "431181", "宁乡县": "430182", "望城县": "430112",
    "株洲县": "430212", "内蒙": "150000", "恩施州": "422800", "凉山州": "513400", "星城长沙": "430100",
}  # fmt: skip
"""Names that people use and the table lacks; some are of divisions that have since changed their rank."""


class _Name(msgspec.Struct, frozen=True):
    text: str
    code: str
    short: bool
    weak: bool


def regions(text: str, place: str = "") -> tuple[str, ...]:
    """Return up to three division codes, most certain first; `(place,)` where the text names none.

    A division is left out when a smaller one within it is named.
    """
    return regions_of([text], [place])[0]


def regions_of(texts: Sequence[str], places: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the same for every text of a batch."""
    read = [text[:_READ] for text in texts]
    return [*map(_named, read, places, _beginnings().places(read))]


def _named(read: str, place: str, starts: Sequence[int]) -> tuple[str, ...]:
    """Return the divisions of a text of which every name begins at one of the `starts`."""
    if not starts:
        return (place,) if place else ()
    found: dict[str, int] = {}
    registered: dict[str, int] = {}
    table = _table()
    end, last, skipped = 0, "", ""
    for start in starts:
        if start < end:
            continue
        for name in table.get(read[start : start + 2], ()):
            if read.startswith(name.text, start):
                break
        else:
            continue
        after = start + len(name.text)
        before = read[max(0, start - _LOOK_BACK) : start]
        follows = start == end and bool(last)  # right after another place: 湖南长沙, 长沙岳麓
        if not follows:
            last, skipped = "", ""
        elsewhere = follows and _holds(last, name.code) is False
        if name.short and _is_no_place(read, before, after):
            continue
        if name.weak and not (follows and _holds(last, name.code)) and not _is_supported(read, before, name, after):
            continue
        end = after
        if name.text == "永定区" and elsewhere:  # of 龙岩
            continue
        kind = skipped if follows and skipped else _standing(before, read, after)
        last, skipped = name.code, kind
        if kind == "registered":
            registered.setdefault(name.code, start)
        elif not kind:
            found.setdefault(name.code, start)
    if chosen := found or registered:
        return _deepest(chosen)
    return (place,) if place else ()


def _standing(before: str, read: str, after: int) -> str:
    """Return why a place is none of the text's: `stamped`, `registered`, `denied`; "" for one that is."""
    if _STAMP.search(before):
        return "stamped"
    if _REGISTERED.search(before):
        return "registered"
    denied = _DENIED.search(before)
    if denied and (denied.group()[0] not in "与跟和" or _DENIED_AFTER.match(read, after)):
        return "denied"
    return ""


def _is_no_place(read: str, before: str, after: int) -> bool:
    """Whether a short name is part of another name: a street's, a dish's, a person's."""
    if _NAMED_AFTER.match(read, after):
        return True
    if before.endswith(_CALLED_SO):
        return True
    return bool(before and before[-1] in _SURNAMES and (_CALLED.search(before[:-1]) or _TITLE_AFTER.match(read, after)))


def _is_supported(read: str, before: str, name: _Name, after: int) -> bool:
    if name.text == "会同" and _WORK.match(read, after):
        return False
    return before.endswith(_PLACE_BEFORE) or bool(_PLACE_AFTER.match(read, after))


def _holds(holder: str, code: str) -> bool:
    return code != holder and code.startswith(prefix(holder))


def _deepest(found: dict[str, int]) -> tuple[str, ...]:
    holders = {holder for code in found for holder in (parent(code), parent(parent(code))) if holder}
    kept = [code for code in found if code not in holders]
    # a county whose city is named too is surer than one that stands alone; Hunan comes before elsewhere
    kept.sort(key=lambda code: (parent(code) not in found, not code.startswith(prefix(HUNAN)), found[code]))
    return tuple(kept[:MOST])


@cache
def _beginnings() -> Pairs:
    return Pairs(_table())


@cache
def _table() -> dict[str, list[_Name]]:
    """Return the names by their first two characters, longest first; of one name for two places both, the larger first."""
    found: dict[tuple[str, str], _Name] = {}
    for code, full in names().items():
        found[full, code] = _Name(full, code, short=False, weak=False)
    for name, code in _ALSO.items():
        found[name, code] = _Name(name, code, short=False, weak=False)
    taken = {name for name, _ in found}
    by_rank = sorted(
        names().items(), key=lambda item: (not item[0].endswith("0000"), not item[0].endswith("00"), item[0])
    )
    for code, full in by_rank:
        short = _SUFFIX.sub("", full)
        if short == full or len(short) < 2 or short in taken:
            continue
        county = code.startswith(prefix(HUNAN)) and not code.endswith("00")
        if county and short in _SHARED:
            continue
        taken.add(short)
        found[short, code] = _Name(short, code, short=True, weak=short in _WORDS)
    table: dict[str, list[_Name]] = {}
    for known in sorted(found.values(), key=lambda known: -len(known.text)):
        table.setdefault(known.text[:2], []).append(known)
    return table

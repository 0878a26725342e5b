"""Personal data in a text is replaced by a word that says what stood there; public hotlines stay.

Rules only, with check digits where the data has them, on a shadow of the text in which every script form of a digit is
one (`text.script_forms`). What no rule can know, such as a name in running text, is not masked here.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from text.alternatives import any_of
from text.labelled_data import PROVINCES, chat_spans, handle_spans, labelled_spans, shaped_spans
from text.number_runs import HOTLINES, Span, number_spans
from text.person_names import NAME_HINTS, name_spans
from text.script_forms import FIGURES_AS_WRITTEN, INVISIBLE, SPELT, shadow, written_forms
from text.street_address import address_spans

__all__ = ["HOTLINES", "KIND_WORDS", "Masked", "mask", "placeholder"]


class Masked(NamedTuple):
    """The text with placeholders, and the kinds of data that were replaced (keys of `KIND_WORDS`), in a fixed order."""

    text: str
    kinds: tuple[str, ...]


KIND_WORDS: Final = {
    "email": "邮箱", "profile": "主页链接", "wechat": "微信号", "qq": "QQ号", "account": "账号", "username": "用户名",
    "resident_id": "证件号", "hk_id": "港澳证件号", "passport": "护照号", "permit": "通行证号", "card": "银行卡号", "phone": "电话",
    "plate": "车牌", "address": "地址", "coordinates": "位置", "name": "姓名", "birthday": "出生日期", "student_no": "学号",
    "employee_no": "工号", "medical_no": "就诊号", "social_security": "社保号", "licence": "驾驶证号", "parcel_no": "快递单号",
    "marriage_no": "婚姻证号", "birth_no": "出生证号", "property_no": "产权证号", "household_no": "户口号",
    "device_no": "设备号", "ip": "IP地址", "password": "密码",
}  # fmt: skip
"""What every kind is called where people read it."""


def placeholder(kind: str) -> str:
    """Return what stands in place of data of this kind."""
    return f"〔{KIND_WORDS[kind]}已遮盖，见原帖〕"


_PLATFORMS: Final = ("抖音", "快手", "小红书", "微博", "知乎", "支付宝", "钉钉", "陌陌", "探探", "贴吧", "淘宝", "B站")
_CHAT: Final = (
    "微信", "微❤", "微♥", "薇", "威信", "徽信", "溦", "卫星号", "wei", "Wei", "WeC", "wec", "WeChat", "wx", "WX", "Wx", "wX", "vx", "VX", "Vx", "vX",
    *(f"{letter}{heart}" for letter in "vVwW" for heart in "信芯❤♥🧡💛💚💙💜"),
    *(f"{plus}{blank}{letter}" for plus in "加+➕" for blank in ("", " ") for letter in "vVwW微薇威"),
    "QQ", "qq", "Qq", "qQ", "Q号", "q号", "Q群", "q群", "扣扣", "企鹅", "球球",
)  # fmt: skip
_LABELS: Final = (
    *(f"{platform}{sign}" for platform in _PLATFORMS for sign in ("号", "账", "ID", "id", "用户", "主页", "名", ":", "：", "@")),
    "elegram", "hatsapp", "hatsApp", "kype", "LINE", "Line", "nstagram", "acebook", "推特", "脸书", "纸飞机", "TG", "昵称", "网名", "用户名", "微信名", "ID名",
    "护照", "assport", "通行证", "回乡证", "台胞证", "驾驶证", "驾照", "档案编号", "社保", "社会保障", "医保", "公积金", "学号", "学籍号", "准考证", "考号", "考生号",
    "报名号", "工号", "职工号", "职工编号", "员工号", "员工编号", "病历号", "病案号", "住院号", "门诊号", "就诊", "登记号", "快递", "运单号", "物流单号",
    "取件码", "结婚证", "离婚证", "出生", "房产证", "产权证", "土地证", "户口本", "户口簿", "户口号", "户号", "IMEI", "imei", "设备号", "序列号", "MAC", "IP", "ip", "密码", "验证码",
    "校验码", "动态码", "口令", "生日", "生于", "最后由", "原帖由", "的帖子", "发表于", "写道", "写了", "说道", "发帖", "回帖人", "提问人", "提问者",
    "留言人", "来信人", "写信人",
)  # fmt: skip
_SHAPES: Final = (
    "@", "艾特", "(at)", "[at]", "weibo.c", "xiaohongshu.com", "zhihu.com/p", "space.bili", "douyin.com/u", "kuaishou.com/p",
    "douban.com/p", "tieba.baidu.com/h",
)  # fmt: skip
_PLATES: Final = "|".join(f"{province}(?=.{{0,2}}[A-Za-zＡ-Ｚａ-ｚ])" for province in PROVINCES)
_HOUSES: Final = "|".join(
    f"{unit}(?<=[0-9０-９{SPELT}十百A-Za-z]{unit})"
    for unit in ("号", "號", "栋", "棟", "幢", "组", "組", "队", "隊", "弄", "单元", "單元")
)
_GAP: Final = "[^0-9A-Za-z\u3400-\u9fff。；！？…\n〔〕“”‘’《》]{0,3}"
_FOUR_MORE: Final = f"{_GAP}[{FIGURES_AS_WRITTEN}{SPELT}]" * 4

_FIGURES: Final = re.compile(f"[{FIGURES_AS_WRITTEN}]{_FOUR_MORE}")
_NUMERALS: Final = re.compile(f"[{SPELT}]{_FOUR_MORE}")

_SHAPE_HINT: Final = f"{any_of(written_forms(*_SHAPES))}|{_PLATES}"
_CHAT_HINT: Final = any_of(written_forms(*_CHAT))
_LABEL_HINT: Final = any_of(written_forms(*_LABELS))

_Finder = Callable[[str], Iterator[Span]]
_FINDERS: Final[tuple[tuple[bool, tuple[re.Pattern[str], ...], _Finder], ...]] = (
    (True, (re.compile(_SHAPE_HINT),), shaped_spans),
    (False, (re.compile("[@＠]"),), handle_spans),
    (False, (re.compile(_CHAT_HINT),), chat_spans),
    (False, (re.compile(_LABEL_HINT),), labelled_spans),
    (True, (), number_spans),
    (True, (re.compile(_HOUSES),), address_spans),
    (False, NAME_HINTS, name_spans),
)
"""Whether five digits, and which words, show that a finder is worth its time; the first to find a piece has it."""
_FIRST_LOOKS: Final = (
    _FIGURES,
    _NUMERALS,
    re.compile(f"{_SHAPE_HINT}|{_CHAT_HINT}|{_LABEL_HINT}|{_HOUSES}"),
    *NAME_HINTS,
)
"""Nearly every post is let through by these alone: what none of them finds holds nothing for any finder.

Each begins with one set of letters, or has branches that begin with a letter each: the engine then jumps from one
possible beginning to the next. Five of them cost less than one, where a hundred letters could begin something.
"""


_LOOKS_MOST: Final = 20
"""What was masked may show what stood beside it: a text is looked at again until nothing more is found. Two looks do for
all that people write; only a text that was made for it needs more, and it may not have all the time of the world."""


def mask(text: str) -> Masked:
    """Return the text (best after `text.normalise`) with personal data replaced. Idempotent; never raises.

    Invisible characters go where something is masked, and only there.
    """
    seen = text if text.isprintable() else INVISIBLE.sub("", text)
    for look in _FIRST_LOOKS:
        if look.search(seen):
            break
    else:
        return Masked(text, ())
    kinds: set[str] = set()
    for _ in range(_LOOKS_MOST):
        if not (spans := _spans(seen)):
            break
        kinds |= {span.kind for span in spans}
        seen = _replaced(seen, spans)
    if not kinds:
        return Masked(text, ())
    return Masked(seen, tuple(kind for kind in KIND_WORDS if kind in kinds))


def _spans(text: str) -> list[Span]:
    """Return what is to be replaced, in the order of the text; nothing overlaps."""
    found: list[Span] = []
    looked_at = ""
    has_digits = (_FIGURES.search(text) or _NUMERALS.search(text)) is not None
    for digits_do, hints, finder in _FINDERS:
        if not (digits_do and has_digits):
            for hint in hints:
                if hint.search(text):
                    break
            else:
                continue
        if not looked_at:
            looked_at = shadow(text)
            taken = bytearray(len(looked_at))
        for span in finder(looked_at):
            if 1 not in taken[span.start : span.end]:
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
                found.append(span)
    return sorted(found)


def _replaced(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += (text[at : span.start], placeholder(span.kind))
        at = span.end
    return "".join((*pieces, text[at:]))

"""Numbers, accounts and names that are personal because of the word before them: 学号, 病历号, 微信, 抖音号, 密码.

The word stays, so that a reader knows what stood there.
"""

import re
from collections.abc import Iterator
from typing import Final

from text.check_digits import is_hong_kong_id
from text.number_runs import HOTLINES, Span
from text.script_forms import DIGITS, SPELT, plain_digits

_BETWEEN: Final = r"[\s:：是为,，、()（）【】\[\]「」“”\"'＝=#＃→~\-]{0,4}"
_SET_OFF: Final = r"(?:[\s]{0,2}[:：是为=＝#＃→(（【\[「“\"][\s“\"「]{0,2}|号[\s]{0,2})"
"""Stronger than a mere blank: needed before a word of letters, which could be any word."""
_GAP: Final = r"[^0-9A-Za-z\u3007\u3400-\u9fff。；！？…，、,:：()（）\n〔〕“”‘’《》]{0,2}"
_ENDS: Final = r"(?![A-Za-z0-9])"


def _number(least: int, most: int) -> str:
    """Return the pattern of so many digits in any script, however spaced."""
    return rf"[{DIGITS}](?:{_GAP}[{DIGITS}]){{{least - 1},{most - 1}}}"


_LABELLED: Final[tuple[tuple[str, str, str], ...]] = (
    ("passport", r"护照(?:号码|号)?|[pP]assport(?: ?[nN]o\.?)?", rf"(?:[A-Za-z]{{1,2}}{_GAP}{_number(7, 8)}|{_number(9, 9)})"),
    ("permit", r"通行证(?:号码|号)?|回乡证(?:号码|号)?|台胞证(?:号码|号)?", rf"[A-Za-z]{{0,2}}{_GAP}{_number(7, 11)}"),
    ("licence", r"驾驶证(?:号码|号)?|驾照(?:号码|号)?|档案编号", rf"{_number(10, 18)}[xX]?"),
    ("social_security", r"社保(?:卡)?(?:号码|号|账号)?|社会保障(?:卡)?(?:号码|号)|医保(?:卡)?(?:号码|号|账号)?|公积金(?:账号|号码|号)", rf"[A-Za-z]?{_number(8, 20)}"),
    ("student_no", r"学号|学籍号|准考证号?|考生号|考号|报名号", rf"[A-Za-z]{{0,3}}{_number(5, 20)}[xX]?"),
    ("employee_no", r"工号|职工号|员工号|员工编号|教工号|职工编号", rf"[A-Za-z]{{0,4}}-?{_number(3, 14)}"),
    ("medical_no", r"病历号|病案号|住院号|门诊号|就诊号|就诊卡号?|登记号", rf"[A-Za-z]{{0,3}}{_number(5, 16)}"),
    ("parcel_no", r"快递(?:单)?号|运单号|物流单号|取件码|快递(?=[A-Za-z]{2}[0-9]{8})", rf"[A-Za-z]{{0,4}}{_number(4, 20)}"),
    ("marriage_no", r"(?:结婚|离婚)证(?:字号|号码|号)?", rf"[JLjl]?{_GAP}{_number(16, 16)}"),
    ("birth_no", r"出生(?:医学)?证(?:明)?(?:编号|号码|号)?", rf"[A-Za-z]{_GAP}{_number(9, 9)}"),
    ("property_no", r"(?:房产|不动产权|产权|土地)证(?:书)?(?:编号|号码|号)?", _number(7, 20)),
    ("household_no", r"户口(?:本|簿)?(?:编)?号|户号", _number(8, 10)),
    ("device_no", r"IMEI|imei|设备号|序列号|MAC(?:地址)?", rf"(?:(?:[0-9A-Fa-f]{{2}}[:\-]){{5}}[0-9A-Fa-f]{{2}}|{_number(14, 17)})"),
    ("ip", r"(?:IP|ip)(?:地址)?", r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"),
    ("password", r"密码|验证码|校验码|动态码|口令", r"(?=[A-Za-z!@#$%^&*_.]{0,19}[0-9])[A-Za-z0-9!@#$%^&*_.]{4,20}"),
    ("birthday", r"出生日期|出生年月日|出生年月|生日|生于", r"(?:19|20)[0-9]{2}[年./\-][0-9]{1,2}[月./\-][0-9]{1,2}日?"),
)  # fmt: skip

_RULES: Final = tuple((kind, re.compile(rf"(?:{label}){_BETWEEN}({value}){_ENDS}")) for kind, label, value in _LABELLED)

_LETTER: Final = re.compile("[A-Za-z]")
_ACCOUNT: Final = r"[A-Za-z][A-Za-z0-9_\-.]{4,24}"
_ACCOUNT_WITH_DIGIT: Final = r"(?=[A-Za-z_\-.]{1,20}[0-9_\-])[A-Za-z][A-Za-z0-9_\-.]{4,24}"
_HEART: Final = "[信芯❤♥\U0001f9e1\U0001f49b\U0001f49a\U0001f499\U0001f49c]"
_WECHAT: Final = (
    rf"(?:微信|[薇威徽溦]{_HEART}|卫星号|微[❤♥]|(?<![A-Za-z])[vVwW][xX](?![a-z])|(?<![A-Za-z])[vV]{_HEART}|[wW]e?i?[xX]in|[wW]e[cC]hat|wei信"
    r"|[加➕+]\s?(?:[vV](?![a-zA-Z])|[薇微威]|[wW](?![a-zA-Z]))|(?<![\u4e00-\u9fff])薇(?=[\s:：号]))"
)
_QQ: Final = r"(?:(?<![A-Za-z])[qQ]{2}|扣扣|企鹅|球球|(?<![A-Za-z])[qQ](?=号|群))"
_MORE: Final = r"(?:号码|号|群号|群)?(?:同号|同步|同手机号?)?"
_CHAT: Final = tuple(
    (
        kind,
        re.compile(
            rf"{word}{_MORE}(?:(?:{_BETWEEN}|[+加➕\s]{{0,3}})({_number(5, 13)}|{_ACCOUNT_WITH_DIGIT})|{_SET_OFF}({_ACCOUNT})){_ENDS}"
        ),
    )
    for kind, word in (("wechat", _WECHAT), ("qq", _QQ))
)
_PLATFORM: Final = r"(?:抖音|快手|小红书|微博|知乎|支付宝|钉钉|陌陌|探探|贴吧|淘宝|纸飞机|B站|[tT]elegram|TG|[wW]hats[aA]pp|[sS]kype|LINE|Line|[iI]nstagram|[fF]acebook|推特|脸书)"
_PLATFORM_ACCOUNT: Final = re.compile(
    rf"{_PLATFORM}(?:(?:账号|账户|号|ID|id|用户名|主页){_BETWEEN}|[:：@]\s?)({_ACCOUNT}|{_number(5, 16)}){_ENDS}"
)
_NICKNAME: Final = re.compile(
    r"(?:昵称|网名|用户名|微信名|抖音名|快手名|微博名|ID名)(?:[:：]|是|叫|为)[\s“\"「【]{0,2}([^\s，。,；;！？!?“”\"」】〔〕（）()]{2,20})"
)

_USER: Final = r"([^\s，。、,；;！？!?：:@“”\"「」【】〔〕（）()\[\]]{2,20})"
_BYLINES: Final = (
    re.compile(rf"(?:最后由|原帖由)\s{{0,2}}{_USER}\s{{0,2}}(?=于|在|发表|编辑)"),
    re.compile(rf"回复\s{{1,2}}(?:第?[0-9]{{1,5}}(?:楼|#)\s{{0,2}})?{_USER}\s{{1,2}}的帖子"),
    re.compile(rf"(?:^|\n|引用[:：]?\s{{0,2}}){_USER}\s{{1,2}}(?=发表于\s{{0,2}}(?:[0-9]{{4}}[\-/年.]|昨天|前天|今天|[0-9半]{{1,2}}\s?(?:天|小时|分钟)前)|(?:写道|写了|说道)[:：])"),
    re.compile(rf"(?:发帖人|发帖者|回帖人|提问人|提问者|留言人|来信人|写信人)[:：]\s{{0,2}}{_USER}(?=[\s，。,；;、！!?？（(【\[]|$)"),
)  # fmt: skip
"""How forums and letter boxes name who wrote or changed a post, in the midst of its text."""
_NO_USER: Final = re.compile(
    r"^(?:原文|本文|全文|文章|首次|最后|最早|最近|论文|该文|此文|已经|曾经|保密|匿名|无|不详|.{0,4}(?:先生|女士|同志|老师))$"
)

_HANDLE: Final = re.compile(r"(?<![A-Za-z0-9._%+\-])@([\w\u00b7·\-]{2,30})")
_CLAUSE: Final = re.compile(r"[你我他她它的了是在说看请快求帮不有怎什这那都也就被把给让来去管打救为能]")
_EVERYBODY: Final = re.compile(r"所有|全体|全部|大家|各位|群主|管理|某|写信|本人|楼主|我|你")
_INSTITUTION: Final = re.compile(
    r"公安|警|法院|检察|政府|政务|发布|妇联|妇女|女声|共青|青年|工会|总工|日报|晚报|早报|时报|新闻|新华|央视|人民|卫视|电视|广播|频道|传媒|媒体|网$|平安|消防|交警"
    r"|委|局|厅|办$|协会|中心|大学|学院|学校|医院|热线|官方|客服|博物|12338|12345|红网|记者|集团|公司|银行|法治|司法|民政|人社|卫健|教育|文旅|应急|反诈|检查|巡视|举报|公交|地铁|航空|铁路|气象|天气|旅游|物业"
)
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}\s?(?:@|[(\[]at[)\]]|艾特)\s?(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62})\s?(?:[.。]|点)\s?){1,4}[A-Za-z]{2,12}"
)
PROFILE: Final = re.compile(
    r"(?<![A-Za-z0-9.])(?:https?://)?(?:[a-z]+\.)?(?:weibo\.(?:com|cn)/(?:u/|n/|profile/)?(?!(?:weibo|search|status|detail|login|newlogin)\b)[^\s/?#，。]{5,40}(?![\w/])"
    r"|xiaohongshu\.com/user/profile/\w+|zhihu\.com/people/[\w\-]+"
    r"|space\.bilibili\.com/[0-9]+|douyin\.com/user/[\w\-]+|kuaishou\.com/profile/\w+|douban\.com/people/[\w\-]+|tieba\.baidu\.com/home/main\?[^\s，。]+)"
)
_HONG_KONG_ID: Final = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{1,2})([0-9]{6})\s?[(（]([0-9Aa])[)）]")
_MARRIAGE: Final = re.compile(r"(?<![A-Za-z0-9])[JL][0-9]{6}-[0-9]{4}-[0-9]{6}(?![0-9])")
_BORN: Final = re.compile(r"(?:19|20)[0-9]{2}年[0-9]{1,2}月[0-9]{1,2}日(?=出生|生人|生，|生,)")
_PLACE: Final = re.compile(
    r"(?<![0-9.])(?:(?:1[89]|[2-4][0-9]|5[0-4])\.[0-9]{4,}\s?[,，°NE\s]{1,3}\s?(?:7[3-9]|[89][0-9]|1[0-2][0-9]|13[0-6])\.[0-9]{4,}"
    r"|(?:7[3-9]|[89][0-9]|1[0-2][0-9]|13[0-6])\.[0-9]{4,}\s?[,，°NE\s]{1,3}\s?(?:1[89]|[2-4][0-9]|5[0-4])\.[0-9]{4,})"
)
PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE_GAP: Final = r"[^0-9A-Za-z\u3007\u3400-\u9fff。；！？…，、,:：()（）\n〔〕“”‘’《》]{0,2}"
_PLATE: Final = re.compile(
    rf"[{PROVINCES}]{_PLATE_GAP}[A-HJ-NP-Za-hj-np-z]{_PLATE_GAP}"
    rf"((?:[A-HJ-NP-Za-hj-np-z{DIGITS}]{_PLATE_GAP}){{4}}[A-HJ-NP-Za-hj-np-z{DIGITS}挂学警港澳](?:{_PLATE_GAP}[A-Za-z0-9{SPELT}])?)(?![A-Za-z0-9])"
)


def chat_spans(shadow: str) -> Iterator[Span]:
    """Yield accounts of WeChat and QQ. To be asked before numbers, since a mobile number may be such an account."""
    for kind, pattern in _CHAT:
        for match in pattern.finditer(shadow):
            group = 1 if match.group(1) else 2
            if not _is_public(match.group(group)):
                yield Span(match.start(group), match.end(group), kind)


def labelled_spans(shadow: str) -> Iterator[Span]:
    """Yield what the word before it makes personal; public short numbers are none."""
    for kind, pattern in _RULES:
        for match in pattern.finditer(shadow):
            if not _is_public(match.group(1)):
                yield Span(match.start(1), match.end(1), kind)
    for match in _BORN.finditer(shadow):
        yield Span(match.start(), match.end(), "birthday")
    for pattern in _BYLINES:
        for match in pattern.finditer(shadow):
            if not (_INSTITUTION.search(match.group(1)) or _NO_USER.match(match.group(1))):
                yield Span(match.start(1), match.end(1), "username")
    for kind, pattern in (("account", _PLATFORM_ACCOUNT), ("username", _NICKNAME)):
        for match in pattern.finditer(shadow):
            if not _INSTITUTION.search(match.group(1)):
                yield Span(match.start(1), match.end(1), kind)


def _is_public(value: str) -> bool:
    return not _LETTER.search(value) and plain_digits(value) in HOTLINES


def shaped_spans(shadow: str) -> Iterator[Span]:
    """Yield what its own shape makes personal: mail and profile addresses, plates, identity cards of Hong Kong."""
    for kind, pattern in (("email", _EMAIL), ("profile", PROFILE)):
        for match in pattern.finditer(shadow):
            yield Span(match.start(), match.end(), kind)
    for match in _HONG_KONG_ID.finditer(shadow):
        if is_hong_kong_id(*match.groups()):
            yield Span(match.start(), match.end(), "hk_id")
    for match in _PLATE.finditer(shadow):
        tail = plain_digits(match.group(1))
        if len(tail) >= 2 or (tail and match.group(1).isascii()):
            yield Span(match.start(), match.end(), "plate")
    for kind, pattern in (("marriage_no", _MARRIAGE), ("coordinates", _PLACE)):
        for match in pattern.finditer(shadow):
            yield Span(match.start(), match.end(), kind)


def handle_spans(shadow: str) -> Iterator[Span]:
    """Yield names of users after @, institutions apart. Where nothing parts name and clause, the clause stays."""
    for match in _HANDLE.finditer(shadow):
        name, end = match.group(1), match.end()
        if _INSTITUTION.search(name) or _EVERYBODY.match(name):
            continue
        is_set_off = shadow[end : end + 1] in {" ", ":", "：", "@", "/", ")", "）"}
        if not is_set_off and (clause := _CLAUSE.search(name, 1)):
            end = match.start(1) + clause.start()
        if end - match.start(1) < 2:
            continue
        yield Span(match.start(1), end, "username")

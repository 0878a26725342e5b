"""Decides who is meant: whether a text defends women or attacks them, and at whom its sentiment is directed.

Counter-speech goes first: where its head passes the threshold, the attack it quotes is nobody's but the quoted one's,
so the attack's probability is kept below its mark in everything that leaves the pipeline. Words and numbers never
disagree.
"""

import re
from typing import Final

import msgspec

from contracts.ports.scorer import Judgement
from contracts.score import MARKED, Target

_UNMARKED: Final = MARKED - 0.01
"""What `attack` is at most in a text that may defend women."""

FEDERATION: Final = (
    "妇联|妇女联合会|12338|妇女之家|妇女儿童(?:维权|服务|活动)|妇儿(?:工委|中心)|维权(?:站|热线|岗|工作站)|娘家人|"
    "妇女主任|妇女专干|婚调委|巾帼(?:志愿|维权)|权益部"
)
INSTITUTION: Final = (
    "政府|派出所|公安局?|民警|警察|警方|法院|法官|检察院|司法所|法援|法律援助|居委会?|村委|支书|村干部|社区|街道办|网格员|"
    "民政|信访|12345|12348|12333|热线|客服|窗口|办事大厅|教育局|人社局|卫健|部门|县里|镇里|学校|校方|老师|园长|医院|医生|护士|"
    "卫生院|公司|厂里|劳动监察|仲裁|工会|物业|平台|工作人员|接线员|坐席|银行"
)
VIEW: Final = (
    "没人[接管理]|无人[接管]|占线|推[来给到诿脱]|踢(?:皮)?球|敷衍|摆设|形式主义|走形式|走过场|不管|不作为|和稀泥|白跑|没用|"
    "有[什啥]么?用|失望|寒心|心寒|官话|套话|忽悠|太极|没有?下文|没有?回[复音应]|不回复|已读|态度|不受理|投诉|问责|冷冰冰|脸色|"
    "形同虚设|糊弄|应付|谢|点赞|贴心|靠谱|耐心|解决了|办[好成下]了|表扬|感动|锦旗|细致|给力|放心|上门|回访"
)
"""Somebody says what he thinks of how an office did its work."""

_federation: Final = re.compile(FEDERATION)
_institution: Final = re.compile(INSTITUTION)
_view: Final = re.compile(VIEW)
_salutation: Final = re.compile(r"^[^。！？!?\n]{0,24}?(?:领导|同志|工作人员|负责人|您?们?好)们?[：:，,！!\s]")
"""A letter that begins with 市妇联领导 is addressed to it; that says nothing about whom it blames."""


class Meant(msgspec.Struct, frozen=True):
    """Attack and counter-speech after the rule, and the target of the sentiment ("" for neither office)."""

    attack: float
    counter: float
    target: Target = ""


def settle(text: str, judgement: Judgement, sentiment: int) -> Meant:
    """Return who is meant in a normalised text of this sentiment (-1, 0, 1); pure."""
    supports = judgement.counter >= MARKED
    attack = min(judgement.attack, _UNMARKED) if supports else judgement.attack
    return Meant(attack, judgement.counter, target_of(text) if sentiment else "")


def target_of(text: str) -> Target:
    """Return at whom a text with an attitude directs it, by the words in it."""
    body = _salutation.sub("", text, count=1)
    if _federation.search(body):
        return "federation"
    return "institution" if _institution.search(body) and _view.search(body) else ""

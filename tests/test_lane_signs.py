"""What each sign hears: an example beside a look-alike, and how the tool that fits their points finds and writes them."""

import time
from pathlib import Path

import pytest

from pipeline import help_points, help_signs, lane
from text.normalise import normalise
from tools import fit_help_signs

EXAMPLES = {
    "问有没有, 还有没有": ("这边还有床位没有", "一点办法都想过了"),
    "用不字问": ("这个型号能寄不", "我不想去"),
    "问数目": ("一个月要交多少", "多少年都这样"),
    "问好坏与选择": ("去县里还是去市里？", "哪个都一样"),
    "求一样东西": ("求一本旧课本", "她一求再求也没用"),
    "托人做一件事": ("麻烦各位帮我看看", "我自己看看"),
    "难处摆着没人管": ("路灯坏了没人修", "路灯修好了"),
    "心里没底": ("合同看不懂，不敢签", "合同签好了"),
    "写信给人": ("李主任：我是二组的", "主任来过一趟"),
    "盼人来办": ("盼街道早日派人来看", "街道派人来了"),
    "回不了话": ("电话打不通，楼下喊不应", "电话里聊了半天"),
    "说话不方便": ("你莫出声，他在听", "歌好听，大声唱"),
    "悄悄递出的话": ("她给我使眼色，敲了三下", "她看了我一眼"),
    "交代以后的事": ("密码写好了，猫送人了", "猫又长胖了"),
    "高处水边": ("她一个人坐在天台", "她一个人坐在教室"),
    "药与气": ("她带走了一瓶药", "药店今天打折"),
    "孩子落在生人手里": ("一个不认识的男的牵着娃", "外婆给娃织毛衣"),
    "关在屋里": ("门从外面拧死了", "门口的花开了"),
    "就在眼前": ("今晚他又来", "去年他来过"),
    "已有人去救": ("警察已经在路上，正在赶去", "大家都回家了"),
    "被人管住": ("身份证收走了，出门有人跟着", "身份证办好了"),
    "新添的伤": ("她脖子上一圈紫", "她换了一条围巾"),
    "手上有器具": ("他提着钢管下楼", "他提着西瓜下楼"),
    "叫着亲人说": ("妈，你别上来", "我妈爱上网"),
    "觉得不对": ("她不肯回家，问也不说", "她高高兴兴回家"),
    "坐在车上": ("司机往水库那边开", "公交车来了"),
    "求推荐好物": ("求一款好用的吹风机，预算三百", "求求你们管一管"),
    "对着你说": ("楼主太可爱了", "太可爱了"),
    "在出主意": ("建议先去窗口问清楚", "窗口排了长队"),
    "回信道谢": ("来信收到，祝您生活平安", "信寄出去了"),
    "反过来问": ("凭什么呀，谁规定的", "请问在几楼"),
    "替人讲话的问": ("面试官他问我：打算几时要小孩", "几时能领证"),
    "通知大家": ("各位家长，请提前二十分钟到", "我提前到了"),
    "讲经历": ("长文，写下来给后来的人看", "请问去哪里报名"),
}
ADDED = [sign.name for sign in help_signs.SIGNS if sign.name in EXAMPLES]
FORMS = {
    "引号外有问": ("这个去哪里办", "她问“去哪里办”，我笑了"),
    "不对着你的问": ("这个去哪里办", "你怎么不去办"),
    "通篇只问一句": ("叶酸吃多久", "今天去了。叶酸吃多久"),
    "末句不对着你的问": ("证丢了。去哪里补", "去哪里补？算了。"),
    "问句多": ("去哪里办？要多久？多少钱？", "去哪里办？"),
    "问句里有我": ("我去哪里办", "去哪里办"),
    "只在引号里问": ("她说“去哪里办”", "去哪里办"),
    "问号收尾": ("能办吗？", "能办吗"),
    "没有句号": ("能办吗", "能办。"),
    "中等长": ("今天下雨" * 20, "今天下雨"),
    "极长": ("今天下雨" * 200, "今天下雨"),
    "说到我与对方": ("我和公司谈过", "和公司谈过"),
}


def heard(text: str) -> set[str]:
    return {sign.name for sign in help_points.signs(lane.in_ascii(normalise(text)))}


def test_every_example_is_of_a_sign() -> None:
    assert set(ADDED) == set(EXAMPLES)
    assert {sign.name for sign in help_signs.BY_FORM} >= set(FORMS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_sign_hears_its_example_and_not_its_look_alike(name: str) -> None:
    hit, miss = EXAMPLES[name]
    assert name in heard(hit), hit
    assert name not in heard(miss), miss


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_told_by_questions_end_and_length(name: str) -> None:
    hit, miss = FORMS[name]
    assert name in heard(hit), hit
    assert name not in heard(miss), miss


@pytest.mark.parametrize("text", ["不" * 100_000, "第一" * 50_000, "请" * 100_000, "药" * 100_000, "“" * 100_000])
def test_signs_take_time_in_line_with_the_length(text: str) -> None:
    started_s = time.process_time()
    help_points.signs(text)
    assert time.process_time() - started_s < 3


def test_the_fitting_tool_finds_every_sign_and_writes_what_stands_there() -> None:
    """So that new points reach each sign, and writing the points that it has changes nothing."""
    text = Path(help_signs.__file__).read_text("utf-8")
    points = {sign.name: (sign.plea, sign.danger) for sign in (*help_signs.SIGNS, *help_signs.BY_FORM)}
    assert [found["name"] for found in fit_help_signs.SIGN.finditer(text)] == list(points)
    assert text == fit_help_signs.SIGN.sub(
        lambda found: fit_help_signs.line(found["name"], found["pattern"], *points[found["name"]]), text
    )

"""How many of the strings that only look personal are masked: hotlines, dates, prices, document numbers and the like.

Each kind is drawn in sentences of its own, some of them beside a word that would make a number personal. The figures are
printed: `pytest -s tests/test_false_masks.py`.
"""

import random
import sys
from collections.abc import Callable
from typing import Final

from tests.planted import look_alikes
from text.mask import mask

EACH: Final = 120
SHARE_MOST: Final = 0.005
_Draw = Callable[[random.Random], str]


def _day(rng: random.Random) -> str:
    year, month, day = rng.randint(1949, 2035), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice(
        (f"{year}年{month}月{day}日", f"{year}-{month:02d}-{day:02d}", f"{year}.{month}.{day}", f"{year}/{month:02d}/{day:02d}",
         f"{year}{month:02d}{day:02d}", f"{month}月{day}日{rng.randint(0, 23)}时{rng.randint(0, 59)}分", f"二〇{rng.choice('一二')}{rng.choice('〇一二三四五六七八九')}年{rng.choice('三五八')}月")
    )  # fmt: skip


def _digits(rng: random.Random, count: int) -> str:
    return str(rng.randint(10 ** (count - 1), 10**count - 1))


LOOK_ALIKES: Final[dict[str, tuple[_Draw, tuple[str, ...]]]] = {
    "hotlines": (
        lambda rng: rng.choice(("12338", "12309", "12333", "12351", "12356", "119", "110", "12345", "120", "12348", "12355", "12368", "12388", "96110")),
        ("请打{}。", "热线电话：{}", "拨打{}求助", "电话{}没人接", "微信搜{}小程序", "我打了三次{}，说下班了", "{}、12345都打过", "全国妇联{}维权热线"),
    ),
    "400 and 800 lines": (
        lambda rng: rng.choice(("400", "800")) + rng.choice(("-", "")) + _digits(rng, 3) + rng.choice(("-", "")) + _digits(rng, 4),
        ("客服电话{}", "拨打{}转人工", "热线：{}（工作日）", "厂家400电话{}一直占线"),
    ),
    "dates": (_day, ("{}开会", "于{}立案", "截至{}共收到三件", "{}至今没有答复", "落款是{}", "生效日期：{}")),
    "prices and sums": (
        lambda rng: rng.choice((f"{rng.randint(1, 99_999_999)}元", f"¥{rng.randint(1, 99_999)}.{rng.randint(10, 99)}", f"{_digits(rng, 11)}元", f"{rng.randint(1, 9999)}万元", f"￥1{_digits(rng, 10)}.00")),
        ("彩礼{}", "工资拖欠{}", "总投资{}", "付了{}，不退", "卡里只剩{}"),
    ),
    "document numbers": (
        lambda rng: rng.choice(("国发", "湘政办发", "长妇字", "国务院令", "湘人社规", "民发")) + f"〔{rng.randint(1990, 2026)}〕{rng.randint(1, 300)}号",
        ("依据{}文件", "见{}", "《通知》（{}）", "文号：{}"),
    ),
    "cases": (
        lambda rng: f"（{rng.randint(2000, 2026)}）湘{_digits(rng, 4)}{rng.choice(('民初', '刑初', '行终', '民特', '执'))}{rng.randint(1, 20_000)}号",
        ("案号{}", "{}民事判决书", "法院作出{}裁定", "案号为{}的保护令"),
    ),
    "orders": (
        lambda rng: rng.choice((f"20{rng.randint(10, 26)}{_digits(rng, 4)}{_digits(rng, 10)}", _digits(rng, 8), f"SO-{_digits(rng, 9)}", f"DH{_digits(rng, 14)}")),
        ("订单号{}", "流水号：{}", "工单编号{}", "受理编号：{}", "合同编号{}"),
    ),
    "statistics": (
        lambda rng: rng.choice((f"{rng.randint(1, 9_999_999)}人", f"{rng.randint(1, 999)}万人次", f"{rng.randint(1, 99)}.{rng.randint(1, 99)}%", f"{rng.randint(1, 99)}%至{rng.randint(1, 99)}%", f"1:{rng.randint(1, 9)}.{rng.randint(1, 9)}", f"{rng.randint(1, 999)},{_digits(rng, 3)},{_digits(rng, 3)}")),
        ("全省{}", "同比增长{}", "覆盖{}", "占比{}", "男女比例{}"),
    ),
    "books": (
        lambda rng: rng.choice((f"978-7-{_digits(rng, 4)}-{_digits(rng, 4)}-{rng.randint(0, 9)}", f"9787{_digits(rng, 9)}", f"ISSN 1{_digits(rng, 3)}-{_digits(rng, 4)}", f"CN43-{_digits(rng, 4)}")),
        ("ISBN {}", "书号{}", "刊号：{}"),
    ),
    "spans of years": (
        lambda rng: rng.choice((f"{rng.randint(1990, 2010)}-{rng.randint(2011, 2026)}", f"{rng.randint(1990, 2010)}—{rng.randint(2011, 2035)}年", f"{rng.randint(1990, 2010)}年至{rng.randint(2011, 2026)}年", f"{rng.randint(1990, 2025)}/{rng.randint(10, 26)}学年")),
        ("规划（{}）", "{}间", "任期{}", "《纲要（{}）》"),
    ),
    "lines and numbers of vehicles": (
        lambda rng: rng.choice((f"{rng.randint(1, 999)}路", f"G{_digits(rng, 4)}", f"K{_digits(rng, 4)}次", f"地铁{rng.randint(1, 9)}号线", f"CZ{_digits(rng, 4)}", f"S{rng.randint(20, 99)}高速", f"X{_digits(rng, 3)}县道", f"{rng.randint(1, 40)}号楼旁")),
        ("坐{}去", "{}绕路了", "换乘{}", "{}停运通知"),
    ),
    "words like accounts": (
        lambda rng: rng.choice((f"QQ音乐{rng.randint(1, 20)}.0", "QQ空间", f"微信{rng.randint(5, 9)}.{rng.randint(0, 9)}版本", f"抖音{rng.randint(1, 99)}万粉丝", "微博热搜第1", f"扣扣群{rng.randint(2, 9)}个", "加V认证", f"快手{rng.randint(1, 9)}亿用户", "微信支付100元", "支付宝10周年")),
        ("{}更新了", "都在传{}", "用{}看的", "{}怎么回事"),
    ),
    "words like licences": (
        lambda rng: rng.choice(("驾驶证扣12分", "护照办理30天", "驾照科目二80分", "身份证复印件2份", "结婚证9元", "社保缴15年", "医保报销70%", "学号忘了", "病历本5元", "通行证7天", "出生证明3份", "工号牌", "房产证加名", "户口本原件1份", "快递3天没到", "密码6位以上", "验证码60秒")),
        ("听说{}", "{}，有这规定吗", "窗口说{}", "需要{}"),
    ),
    "codes": (
        lambda rng: rng.choice((f"邮编4{_digits(rng, 5)}", f"区号07{_digits(rng, 2)}", f"行政区划代码43{_digits(rng, 4)}", f"股票6{_digits(rng, 5)}", f"统一社会信用代码9143{_digits(rng, 14)}", f"型号A{_digits(rng, 4)}", f"GB/T {_digits(rng, 5)}-{rng.randint(1990, 2025)}", f"经纬2{rng.randint(4, 9)}度", f"{rng.randint(1, 255)}.{rng.randint(0, 9)}.{rng.randint(0, 9)}版", f"国药准字H{_digits(rng, 8)}", f"备案号湘ICP备{_digits(rng, 8)}号")),
        ("{}", "{}，请核对", "标注{}", "查到{}"),
    ),
    "officials and institutions": (
        lambda rng: rng.choice(("县委书记王建国", "市妇联主席李秀英", "民警张伟", "校长周海燕", "@湖南妇联", "@平安长沙", "@红网", "记者陈志强", "法官刘洋", "省卫健委副主任何军", "湖南日报", "五一路派出所", "芙蓉区人民法院")),
        ("{}回应说", "感谢{}", "希望{}看到", "{}表示尽快办理", "由{}牵头"),
    ),
    "telephone numbers of the public service": (
        lambda rng: f"0731-8{_digits(rng, 7)}",
        ("举报电话：{}", "监督电话{}", "服务热线：{}", "值班电话：{}"),
    ),
}  # fmt: skip


def test_of_two_thousand_strings_that_only_look_personal_next_to_none_is_masked() -> None:
    rng = random.Random(20261126)
    harmed: list[tuple[str, str]] = []
    count = 0
    for name, (draw, sentences) in LOOK_ALIKES.items():
        drawn = [rng.choice(sentences).replace("{}", draw(rng)) for _ in range(EACH)]
        wrong = [(sentence, mask(sentence).text) for sentence in drawn if mask(sentence).kinds]
        sys.stdout.write(f"{name}: {len(wrong)} of {len(drawn)}\n")
        harmed += wrong
        count += len(drawn)
    mixed = list(look_alikes(20261126, 4_000))
    wrong = [(sentence, mask(sentence).text) for sentence in mixed if mask(sentence).kinds]
    sys.stdout.write(f"longer sentences: {len(wrong)} of {len(mixed)}\n")
    harmed += wrong
    count += len(mixed)
    sys.stdout.write(f"false masks: {len(harmed)} of {count}, {len(harmed) / count:.2%}\n")
    assert count >= 2_000
    assert len(harmed) <= SHARE_MOST * count, harmed[:20]

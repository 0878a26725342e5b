"""An evaluation in plain Chinese lines, as a terminal shows it."""

from collections.abc import Mapping
from typing import Final

from contracts.topic import TOPIC_WORDS
from pipeline.evaluation import Evaluation
from pipeline.figures import Figures, Measured

MARK_WORDS: Final = {"help": "求助", "attack": "攻击", "counter": "声援", "danger": "危险"}
SENTIMENT_WORDS: Final = {"negative": "负", "neutral": "中", "positive": "正"}
HEAD_WORDS: Final[Mapping[str, str]] = {"sentiment": "情感", **TOPIC_WORDS, **MARK_WORDS}


def table(result: Evaluation) -> str:
    """Return every figure with its interval, scorer by scorer, and the differences at the end."""
    lines = [f"留出数据 {result.posts} 帖；方括号内为 95% 区间（自助法，种子 {result.seed}）。"]
    if result.left_out:
        lines.append(f"另有 {result.left_out} 帖模型训练时见过，没有计入。")
    if result.labels_digest:
        lines.append(f"标注摘要 {result.labels_digest}。")
    lines.append("求助、危险是规则和模型合判的结果，攻击、声援是值班台所见；校准误差只看模型自己的概率。")
    for found in result.figures:
        lines += _of(found, result.models.get(found.scorer, ""))
    for one in result.differences:
        lines.append(f"\n{result.figures[0].scorer} 比 {one.against}（同样的 {one.posts} 帖，成对区间）")
        lines.append(f"  情感宏平均 F1 {signed(one.sentiment_macro_f1)}")
        lines += [f"        {HEAD_WORDS[head]} {signed(value)}" for head, value in one.f1.items()]
    return "\n".join(lines)


def _of(found: Figures, version: str = "") -> list[str]:
    name = f"{found.scorer}（{version}）" if version and version != found.scorer else found.scorer
    lines = [f"\n{name} · {'全部' if found.split == 'all' else found.split} · {found.posts} 帖"]
    lines.append(f"  情感  准确率 {shown(found.sentiment_accuracy)}  宏平均 F1 {shown(found.sentiment_macro_f1)}")
    by_class = "  ".join(f"{word} {shown(found.sentiment_f1[code])}" for code, word in SENTIMENT_WORDS.items())
    lines.append(f"        {by_class}  校准误差 {found.calibration_error:.3f}")
    if found.split == "all":
        lines.append("        混淆（行为标注，列为判断）  " + "  ".join(SENTIMENT_WORDS.values()))
        lines += [
            f"          {SENTIMENT_WORDS[truth]}  " + "  ".join(f"{said[other]:>5}" for other in SENTIMENT_WORDS)
            for truth, said in found.sentiment_confusion.items()
        ]
    if found.topics_micro_f1 is not None and found.topics_macro_f1 is not None:
        lines.append(f"  主题  微平均 F1 {shown(found.topics_micro_f1)}  宏平均 F1 {shown(found.topics_macro_f1)}")
        lines += [_line(found, topic, value, TOPIC_WORDS[topic]) for topic, value in found.topic_f1.items()]
    for mark, value in found.mark_f1.items():
        lines.append("  标记  " + _line(found, mark, value, MARK_WORDS[mark]).strip())
        lines.append(f"        查准 {shown(found.mark_precision[mark])}  查全 {shown(found.mark_recall[mark])}")
    if found.supporters_as_attackers is not None:
        lines.append(f"        声援者被标为攻击 {shown(found.supporters_as_attackers)}")
    return lines


def _line(found: Figures, head: str, value: Measured, word: str) -> str:
    wrong = found.confusion[head]
    calibration = f"  校准误差 {found.calibration_errors[head]:.3f}" if head in found.calibration_errors else ""
    return f"        {word}（{found.positives[head]}）F1 {shown(value)}  误报 {wrong.false_alarms}  漏报 {wrong.misses}{calibration}"


def shown(value: Measured) -> str:
    """Return a figure with its interval."""
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def signed(value: Measured) -> str:
    """Return a difference with its interval and signs."""
    return f"{value.value:+.3f} [{value.low:+.3f}, {value.high:+.3f}]"

"""Where what is known of a post comes from: who said when it was published, and the language that it is in."""

from collections.abc import Mapping
from typing import Final, Literal

DateSource = Literal["", "json_ld", "meta", "script", "text", "url", "list", "feed", "given", "first_seen"]
"""The page's JSON-LD, its meta elements, a variable of its script, its visible text, its address; the list or sitemap
that led to it; the feed or interface that it is an entry of; whoever imported, pushed or entered it; nobody, so that it is
the moment when we first saw it. "" in posts of older versions."""

DATE_SOURCE_WORDS: Final[Mapping[DateSource, str]] = {
    "json_ld": "网页的标注", "meta": "网页的标注", "script": "网页的标注", "text": "网页正文", "url": "网址里的日期（只到日）",
    "list": "列表或站点地图", "feed": "订阅源或接口", "given": "导入、推送或录入的数据", "first_seen": "首次看到（来源没有给出可靠时间）",
}  # fmt: skip
LANGUAGE_WORDS: Final[Mapping[str, str]] = {
    "zh-Hans": "简体中文", "zh-Hant": "繁体中文", "en": "英文", "ja": "日文", "ko": "韩文", "bo": "藏文", "ug": "维吾尔文",
    "mn-Mong": "蒙古文", "ru": "俄文", "und-Latn": "拉丁字母文字", "und-Arab": "阿拉伯字母文字",
}  # fmt: skip
"""By BCP 47 tag: those that `crawlers.language` tells apart."""

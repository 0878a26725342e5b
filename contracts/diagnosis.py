"""What is wrong with a source, told apart by what has to be done about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

FailureKind = Literal["blocked", "slow", "changed", "down"]
"""Why a crawl failed: refused by the site or its robots.txt · no answer in time · not the shape we know · anything else."""
TroubleKind = Literal["silent", "changed", "blocked", "slow", "down"]

TROUBLE_WORDS: Final[Mapping[TroubleKind, str]] = {
    "silent": "静默", "changed": "改版", "blocked": "被拒", "slow": "缓慢", "down": "中断",
}  # fmt: skip
TROUBLE_REMEDIES: Final[Mapping[TroubleKind, str]] = {
    "silent": "请打开原网站看是否还在更新；若在更新，请核对网址是否换了栏目。",
    "changed": "请打开原网站对照，改 sources.yaml 里的选择器或网址，再运行 qingting sources check。",
    "blocked": "请不要绕过：与对方联系取得许可，或把该信源停用，改用订阅源、导入等方式。",
    "slow": "多为对方网站慢或限流，会自动放慢再试；长期如此请与对方联系或换网址。",
    "down": "请确认网址还能打开、本机网络正常；网站停办的，请停用该信源。",
}


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """One source's trouble as of now. `reason` is one Chinese sentence with the figures behind it."""

    source: str
    kind: TroubleKind
    reason: str
    sample: str = ""
    """Id of the last good post, "" where there was none."""
    good_at: datetime | None = None
    """When the last good crawl was, or the last post for a silent source."""

"""A page that is not asked for, or whose answer is not used, on purpose."""

from scrapy.exceptions import IgnoreRequest

from contracts.diagnosis import FailureKind


class Refused(IgnoreRequest):
    """Carries one Chinese sentence for the health of the source: what, where, remedy; and what kind of failure it is."""

    def __init__(self, sentence: str, kind: FailureKind = "down") -> None:
        super().__init__(sentence)
        self.kind = kind


class Stopped(Refused):
    """The program is to stop: no fault of the source, the next crawl goes on."""

    def __init__(self) -> None:
        super().__init__("采集被要求停止，下次接着采。")

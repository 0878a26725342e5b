"""A page that is not asked for, or whose answer is not used, on purpose."""

from scrapy.exceptions import IgnoreRequest

from contracts.diagnosis import FailureKind


class Refused(IgnoreRequest):
    """Carries one Chinese sentence for the health of the source: what, where, remedy; and what kind of failure it is."""

    def __init__(self, sentence: str, kind: FailureKind = "down") -> None:
        super().__init__(sentence)
        self.kind = kind


class NotNow(Refused):
    """Nothing is wrong with the page: a limit of ours or of the host says later, `later_s` seconds where that is known."""

    def __init__(self, sentence: str, later_s: float = 0.0, kind: FailureKind = "down") -> None:
        super().__init__(sentence, kind)
        self.later_s = later_s


class Stopped(NotNow):
    """The program is to stop: no fault of the source, the next crawl goes on."""

    def __init__(self) -> None:
        super().__init__("采集被要求停止，下次接着采。")


class Declined(Refused):
    """The page itself says that it is not to be kept (noindex): no fault of the source either."""

"""A page that is not asked for, or whose answer is not used, on purpose."""

from scrapy.exceptions import IgnoreRequest


class Refused(IgnoreRequest):
    """Carries one Chinese sentence for the health of the source: what, where, remedy."""


class NotNow(Refused):
    """Nothing is wrong with the page: a limit of ours or of the host says later, `later_s` seconds where that is known."""

    def __init__(self, sentence: str, later_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.later_s = later_s


class Stopped(NotNow):
    """The program is to stop: no fault of the source, the next crawl goes on."""

    def __init__(self) -> None:
        super().__init__("采集被要求停止，下次接着采。")


class Declined(Refused):
    """The page itself says that it is not to be kept (noindex): no fault of the source either."""

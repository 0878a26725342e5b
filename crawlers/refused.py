"""A page that is not asked for, or whose answer is not used, on purpose."""

from scrapy.exceptions import IgnoreRequest


class Refused(IgnoreRequest):
    """Carries one Chinese sentence for the health of the source: what, where, remedy."""


class Stopped(Refused):
    """The program is to stop: no fault of the source, the next crawl goes on."""

    def __init__(self) -> None:
        super().__init__("采集被要求停止，下次接着采。")

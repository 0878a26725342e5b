"""A charset that the bytes of a page do not contradict; headers of Chinese sites often name the wrong one."""

from scrapy.http import TextResponse

_CANDIDATES = ("utf-8", "gb18030", "big5hkscs")


def in_true_charset(response: TextResponse) -> TextResponse:
    """Return the response with the first of these charsets that can read it: the said one, UTF-8, GB 18030, Big5."""
    for charset in (response.encoding, *_CANDIDATES):
        try:
            response.body.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
        return response if charset == response.encoding else response.replace(encoding=charset)
    return response

"""Web archives (WARC 1.0 and 1.1, plain or gzip): each HTML page that answered 200 becomes an article.

Such archives come from the project Common Crawl or from a library; the pages in them are their publishers' own.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]

from contracts.errors import Rejected
from crawlers.article import Unreadable, read_article
from crawlers.rows import Row

COLUMNS: Final = {"text": "text", "title": "title", "url": "url", "published_at": "published_at"}
"""An archive has no columns of its own: this is what it gives."""
PAGE_BYTES_MAX: Final = 8 * 1024 * 1024

_CHUNK: Final = 1 << 18


def is_archive(path: Path) -> bool:
    """Whether the name says that this is a web archive."""
    return path.name.lower().endswith((".warc", ".warc.gz"))


def archive_rows(path: Path, *, after: int = 0) -> Iterator[Row]:
    """Yield a row for each HTML page; `line` is the record's number, and records up to `after` are passed over unread."""
    number = 0
    try:
        made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        with path.open("rb") as file:
            for number, record in enumerate(ArchiveIterator(file), 1):
                if number > after and _is_page(record):
                    yield _row(number, record, made_at)
    except (ArchiveLoadFailed, EOFError, OSError, ValueError) as error:
        raise Rejected(
            f"{path} 在第 {max(number, 1)} 条记录附近读不下去（{type(error).__name__}）：请重新下载这个 WARC 文件再导入。"
        ) from error
    if not number:
        raise Rejected(f"{path} 里没有 WARC 记录：请检查下载是否完成。")


def _is_page(record: Any) -> bool:
    http = record.http_headers if record.rec_type == "response" else None
    return (
        http is not None
        and http.get_statuscode() == "200"
        and "html" in (http.get_header("Content-Type") or "").lower()
    )


def _row(number: int, record: Any, made_at: datetime) -> Row:
    headers, http = record.rec_headers, record.http_headers
    url = headers.get_header("WARC-Target-URI") or ""
    body = record.content_stream().read(PAGE_BYTES_MAX + 1)
    while record.raw_stream.read(_CHUNK):
        pass  # what is left of the record tells whether the file ends within it
    if record.raw_stream.limit:
        raise ArchiveLoadFailed("the file ends within a record")
    if len(body) > PAGE_BYTES_MAX:
        return Row(number, fault=f"这一页超过 {PAGE_BYTES_MAX // 1024 // 1024} MB：没有读。")
    seen = _time(headers.get_header("WARC-Date") or "")
    kind = http.get_header("Content-Type") or ""
    article = read_article(body, url.strip("<>"), content_type=kind, first_seen=seen or made_at)
    if isinstance(article, Unreadable):
        return Row(number, fault=f"这一页没有读到正文：{article.reason}")
    said = "" if article.date_source == "first_seen" and seen is None else article.published_at.isoformat()
    return Row(number, {"text": article.text, "title": article.title, "url": url.strip("<>"), "published_at": said})


def _time(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

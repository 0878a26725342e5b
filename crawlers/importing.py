"""Import of a CSV, JSONL, XLSX or WARC file: every row becomes a post, a duplicate or a dead letter, and nothing is lost silently."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from contracts.errors import Rejected
from contracts.events import POSTS_FETCHED, POSTS_REJECTED, PostRejected
from contracts.identity import digest
from contracts.ports.clock import Clock
from contracts.ports.crawl_state import CrawlState
from contracts.ports.log import Log
from crawlers import archives
from crawlers.edge import Edge
from crawlers.import_position import ImportPosition, Position
from crawlers.lines import open_text_file
from crawlers.mapping import require_mapping
from crawlers.raw_post import RawPost
from crawlers.rows import Row, rows
from crawlers.sheets import is_workbook, sheet_rows
from crawlers.times import read_time

_BATCH = 2000
_BATCH_CHARACTERS = 8_000_000
"""A batch of long texts is cut earlier: memory stays bounded whatever the file holds."""
_TIMES_JUDGED = 50
"""So many times are tried before the first row is taken in: a wrong --date-format must not date a whole file as today."""

Progress = Callable[[int], None]
"""Called after each batch with the rows read so far."""


class ImportCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Rows; read = accepted + duplicates + rejected. `masked` counts the accepted ones in which something was masked."""

    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    masked: int = 0


def import_file(
    path: Path,
    *,
    source: str,
    columns: Mapping[str, str],
    edge: Edge,
    log: Log,
    clock: Clock,
    date_format: str = "",
    zone: str = "Asia/Shanghai",
    progress: Progress | None = None,
    crawl_state: CrawlState | None = None,
) -> ImportCounts:
    """Take in a file; `columns` maps a field of `crawlers.mapping` to a column. The same file again brings nothing new.

    A web archive has no columns: its pages are read as articles. With a crawl state an import that was broken off goes
    on where it stood, and the counts are those of the whole file.
    A row without a usable time is kept and its time marked doubtful. Raises Rejected (one Chinese sentence) for a fault
    of the file or the mapping; when a compressed file breaks off, what stood before the break has been taken in.
    """
    path = Path(path)
    if archives.is_archive(path):
        columns = archives.COLUMNS
    require_mapping(columns)
    if not source.strip() or not source.isprintable():
        raise Rejected("信源编号不能为空，也不能有控制字符：请用 --source 写一个简短的编号，例如 swsr。")
    times = _Times(date_format, _zone(zone), clock)
    read = _reader(path, list(columns.values()))
    _check_times(read(0), columns.get("published_at"), times, path)
    position = ImportPosition(path, source, columns, crawl_state)
    begun = position.read()
    counts = ImportCounts(**begun.counts)
    batch: list[RawPost] = []
    faults: list[PostRejected] = []
    held = 0

    def flush(line: int) -> None:
        nonlocal counts
        admitted = edge.admit(batch, history=True)
        if admitted.fetched:
            log.append(POSTS_FETCHED, admitted.fetched)
        if faults or admitted.rejected:
            log.append(POSTS_REJECTED, [*faults, *admitted.rejected])
        edge.keep(admitted)
        counts = ImportCounts(
            read=counts.read + len(batch) + len(faults),
            accepted=counts.accepted + len(admitted.fetched),
            duplicates=counts.duplicates + admitted.duplicates,
            rejected=counts.rejected + len(faults) + len(admitted.rejected),
            masked=counts.masked + admitted.masked,
        )
        if batch or faults:
            position.keep(Position(line, msgspec.structs.asdict(counts)), clock.now())
        batch.clear()
        faults.clear()
        if progress:
            progress(counts.read)

    line = 0
    try:
        for row in read(begun.line):
            line = row.line
            if row.fault:
                faults.append(_dead_letter(row, source, path.name, clock.now()))
            else:
                batch.append(_raw_post(row, source, path.name, columns, times))
                held += len(batch[-1].text)
            if len(batch) + len(faults) >= _BATCH or held >= _BATCH_CHARACTERS:
                flush(line)
                held = 0
    except Rejected as error:
        flush(line)
        if not counts.read:
            raise
        raise Rejected(f"{error}（坏处之前的 {counts.read} 行已导入，修好后重新导入不会重复。）") from error
    flush(line)
    position.keep(None, clock.now())
    return counts


_Reader = Callable[[int], Iterator[Row]]
"""Yields the rows behind a line."""


def _reader(path: Path, columns: list[str]) -> _Reader:
    """Judge the file before anything of it is used, and return what reads it. Raises Rejected."""
    if not (archives.is_archive(path) or is_workbook(path)):
        file = open_text_file(path)
        return lambda after: (row for row in rows(file, columns) if row.line > after)
    if not path.is_file():
        raise Rejected(f"找不到文件 {path}：请检查路径是否写对。")
    if archives.is_archive(path):
        return lambda after: archives.archive_rows(path, after=after)
    return lambda after: (row for row in sheet_rows(path, columns) if row.line > after)


class _Times:
    def __init__(self, date_format: str, zone: tzinfo, clock: Clock) -> None:
        self.date_format = date_format
        self._zone = zone
        self._clock = clock

    def read(self, value: object) -> datetime | None:
        if isinstance(value, datetime):  # a cell that Excel itself knows as a time
            return value if value.tzinfo else value.replace(tzinfo=self._zone)
        text = _text(value).strip()
        if not text:
            return None
        if not self.date_format:
            return read_time(text, self._clock.now(), self._zone)
        try:
            found = datetime.strptime(text, self.date_format)  # noqa: DTZ007 - the zone follows
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=self._zone)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Rejected(f"不认识时区“{name}”：请写成 Asia/Shanghai 这样的名称。") from error


def _check_times(found: Iterator[Row], column: str | None, times: _Times, path: Path) -> None:
    if column is None:
        return
    first = 0
    tried = 0
    for row in found:
        value = row.values.get(column)
        if not _text(value).strip():
            continue
        if times.read(value):
            return
        first = first or row.line
        tried += 1
        if tried == _TIMES_JUDGED:
            break
    if tried:
        form = f"不合日期格式“{times.date_format}”" if times.date_format else "认不出是什么时间"
        raise Rejected(
            f'{path} 第 {first} 行起，“{column}”列的时间{form}：请用 --date-format 写明格式，例如 "%Y-%m-%d %H:%M"。'
        )


def _raw_post(row: Row, source: str, file: str, columns: Mapping[str, str], times: _Times) -> RawPost:
    def of(field: str) -> object:
        return row.values.get(columns[field]) if field in columns else None

    return RawPost(
        source=source,
        text=_text(of("text")),
        native_id=_text(of("id")),
        url=_text(of("url")),
        title=_text(of("title")),
        author=_text(of("author")),
        published_at=times.read(of("published_at")),
        date_source="given",
        likes=_count(of("likes")),
        reposts=_count(of("reposts")),
        comments=_count(of("comments")),
        file=file,
        line=row.line,
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, dict, list)):
        return ""
    return str(value)


def _count(value: object) -> int:
    """Return a count as exports write it: 12, 12.0, 1,234 or 1.2万; 0 for anything else."""
    text = _text(value).strip().replace(",", "").replace("，", "")
    factor = 1
    if text.endswith(("万", "w", "W")):
        text, factor = text[:-1], 10_000
    try:
        return min(max(round(float(text) * factor), 0), 2**53)
    except (ValueError, OverflowError):
        return 0


def _dead_letter(row: Row, source: str, file: str, now: datetime) -> PostRejected:
    return PostRejected(
        id=digest("rejected", source, file, str(row.line)),
        stage="edge",
        reason=row.fault,
        rejected_at=now,
        source=source,
        file=file,
        line=row.line,
    )

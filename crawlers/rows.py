"""Rows of a CSV or JSONL file: one dictionary each, or the reason why there is none, with the line where it starts."""

import csv
import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import Rejected
from crawlers.lines import LINE_BYTES_MAX, Line, TextFile

RECORD_LINES_MAX: Final = 500
"""A quoted field that runs on over more lines was never closed."""
_QUOTE_FAULT = "这一行有一个双引号没有配对：请补上引号，或把正文里的双引号写成两个。"
_JSON_SAMPLE = 1000


class Row(msgspec.Struct, frozen=True):
    """One row: `values` by column, or a `fault`. `line` is the physical line on which the row starts."""

    line: int
    values: Mapping[str, object] = {}
    fault: str = ""


def rows(file: TextFile, columns: Sequence[str]) -> Iterator[Row]:
    """Yield every row but the header. Raises Rejected when a wanted column is not there, naming the nearest."""
    return _json_rows(file, columns) if _is_json(file) else _csv_rows(file, columns)


def _is_json(file: TextFile) -> bool:
    names = {suffix.lower() for suffix in file.path.suffixes}
    if names & {".csv", ".tsv"}:
        return False
    if names & {".jsonl", ".ndjson"}:
        return True
    first = next((line.text.strip() for line in file.lines() if line.text.strip()), "")
    if first.startswith("["):
        raise Rejected(f"{file.path} 是一个 JSON 数组：请改成 JSONL（每行一个对象，文件名以 .jsonl 结尾）再导入。")
    return first.startswith("{")


def missing(path: Path, wanted: Sequence[str], present: Sequence[str]) -> Rejected:
    """Return the refusal of a file in which a wanted column is not there, naming the nearest."""
    absent = next(column for column in wanted if column not in present)
    near = difflib.get_close_matches(absent, present, n=1, cutoff=0.5)
    hint = f"，最接近的是“{near[0]}”" if near else ""
    listed = "、".join(column or "（空名）" for column in present[:40]) or "（没有）"
    return Rejected(f"{path} 里没有“{absent}”这一列{hint}；文件里有：{listed}。请改正 --map 后再导入。")


class _Source:
    """Feeds lines to the CSV reader, remembers those of the present record, and can take lines back.

    A faulty line is raised as `_Fault` and the source goes on behind it.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._returned: list[Line] = []
        self.record: list[Line] = []
        self.ended = False
        self._characters = 0

    def __iter__(self) -> "_Source":
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.record.append(line)
        if line.fault or "\0" in line.text:
            raise _Fault(line.number, line.fault or "这一行含有空字节：请用文本编辑器清理后再导入。")
        self._characters = len(line.text) + (self._characters if len(self.record) > 1 else 0)
        if len(self.record) > RECORD_LINES_MAX or self._characters > LINE_BYTES_MAX:
            raise _Unclosed
        return line.text + "\n"

    def give_back(self) -> None:
        """Read all lines of the record but its first again, as rows of their own."""
        self._returned.extend(reversed(self.record[1:]))
        self.ended = False


class _Fault(Exception):  # noqa: N818 - a signal inside this module
    def __init__(self, number: int, fault: str) -> None:
        super().__init__(fault)
        self.number = number


class _Unclosed(Exception):  # noqa: N818 - a signal inside this module
    pass


def _csv_rows(file: TextFile, columns: Sequence[str]) -> Iterator[Row]:
    delimiter, header = _header(file, columns)
    wanted = {column: header.index(column) for column in columns}
    reach = max(wanted.values(), default=0) + 1
    source = _Source(file.lines())
    reader = csv.reader(source, delimiter=delimiter)
    is_header = True
    while True:
        source.record = []
        try:
            fields = next(reader, None)
        except _Fault as fault:
            first = source.record[0].number
            if fault.number == first:
                yield Row(first, fault=str(fault))
            else:
                yield Row(first, fault=_QUOTE_FAULT)
                source.give_back()
            continue
        except _Unclosed:
            yield Row(source.record[0].number, fault=_QUOTE_FAULT)
            source.give_back()
            continue
        except csv.Error:  # only a field beyond csv.field_size_limit is left
            yield Row(source.record[0].number, fault="这一行有一列过长：请检查双引号是否配对。")
            source.give_back()
            continue
        if fields is None:
            return
        if not any(field.strip() for field in fields):
            continue
        if is_header:
            is_header = False
            continue
        line = source.record[0].number
        is_long = len(source.record) > 1
        if source.ended or (is_long and (len(fields) != len(header) or not _is_strict(source.record, delimiter))):
            # The file ended within quotes, or a stray quote has swallowed the rows that follow.
            yield Row(line, fault=_QUOTE_FAULT)
            source.give_back()
        elif len(fields) < reach or any(field.strip() for field in fields[len(header) :]):
            yield Row(line, fault=f"这一行有 {len(fields)} 列，表头有 {len(header)} 列：请检查分隔符和双引号。")
        else:
            yield Row(line, {column: fields[place] for column, place in wanted.items()})


def _is_strict(record: Sequence[Line], delimiter: str) -> bool:
    """Whether every quote of the record stands where a CSV writer would have put it."""
    try:
        list(csv.reader((line.text + "\n" for line in record), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _header(file: TextFile, columns: Sequence[str]) -> tuple[str, list[str]]:
    first = next((line for line in file.lines() if line.fault or line.text.strip()), None)
    if first is None:
        raise Rejected(f"{file.path} 里没有内容：请检查导出是否完成。")
    if first.fault:
        raise Rejected(f"{file.path} 第 {first.number} 行（表头）读不了：{first.fault}")
    best: list[str] = []
    for delimiter in ",\t;":
        header = [name.strip() for name in next(csv.reader([first.text], delimiter=delimiter), [])]
        if all(column in header for column in columns):
            twice = next((column for column in columns if header.count(column) > 1), None)
            if twice is not None:
                raise Rejected(f"{file.path} 的表头里“{twice}”出现了两次：请给列起不同的名字再导入。")
            return delimiter, header
        best = max(best, header, key=len)
    raise missing(file.path, columns, best)


def _json_rows(file: TextFile, columns: Sequence[str]) -> Iterator[Row]:
    _check_keys(file, columns)
    for line in file.lines():
        if line.fault:
            yield Row(line.number, fault=line.fault)
        elif line.text.strip():
            values = _object(line.text)
            if values is None:
                yield Row(line.number, fault="这一行不是有效的 JSON 对象：每行应是一个完整的 {…}。")
            else:
                yield Row(line.number, {column: values.get(column) for column in columns})


def _check_keys(file: TextFile, columns: Sequence[str]) -> None:
    """Look for every wanted key in the first objects, so that a wrong name is told before anything is taken in."""
    present: dict[str, None] = {}
    objects = 0
    for line in file.lines():
        if not line.fault and (values := _object(line.text)) is not None:
            present |= dict.fromkeys(values)
            objects += 1
            if objects == _JSON_SAMPLE or all(column in present for column in columns):
                break
    if objects and any(column not in present for column in columns):
        raise missing(file.path, columns, list(present))


def _object(text: str) -> dict[str, object] | None:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None

"""Rows of an Excel workbook (.xlsx): the first sheet whose header has every wanted column, read without holding it."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Final

from openpyxl import load_workbook  # type: ignore[import-untyped]

from contracts.errors import Rejected
from crawlers.rows import Row, missing

UNPACKED_BYTES_MAX: Final = 1 << 30
RATIO_MAX: Final = 300
"""A sheet of text packs about tenfold; beyond this it is a bomb."""
_DIGITS_EXACT: Final = 10**15
"""Excel keeps 15 digits of a number and makes zeros of the rest: such an id is no id any more."""
_HEADER_ROWS: Final = 20


def is_workbook(path: Path) -> bool:
    """Whether the name says that this is a workbook of the kind that can be read."""
    return path.suffix.lower() in {".xlsx", ".xlsm"}


def sheet_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield every row below the header; `line` is the row's number in the sheet. Raises Rejected in one sentence."""
    _require_harmless(path)
    with path.open("rb") as file, closing(_opened(file, path)) as book:
        sheet, header_at, header = _sheet(book, path, columns)
        places = {column: header.index(column) for column in columns}
        for number, cells in enumerate(sheet.iter_rows(min_row=header_at + 1, values_only=True), header_at + 1):
            if any(cell is not None and str(cell).strip() for cell in cells):
                yield _row(number, {column: cells[at] if at < len(cells) else None for column, at in places.items()})


def _opened(file: BinaryIO, path: Path) -> Any:
    try:
        return load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise Rejected(
            f"{path} 打不开（{type(error).__name__}）：请在 Excel 里另存为 .xlsx，不要加密，再导入。"
        ) from error


def _row(number: int, values: dict[str, Any]) -> Row:
    for column, value in values.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= _DIGITS_EXACT:
            return Row(
                number, fault=f"“{column}”列是超过 15 位的数字，Excel 已把末几位改成 0：请把这一列设为文本，重新导出。"
            )
        if isinstance(value, float) and value.is_integer():
            values[column] = int(value)
    return Row(number, values)


def _sheet(book: Any, path: Path, columns: Sequence[str]) -> tuple[Any, int, list[str]]:
    best: list[str] = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # some exporters write a wrong size into the file
        for number, cells in enumerate(sheet.iter_rows(max_row=_HEADER_ROWS, values_only=True), 1):
            header = ["" if cell is None else str(cell).strip() for cell in cells]
            if all(column in header for column in columns):
                twice = next((column for column in columns if header.count(column) > 1), None)
                if twice is not None:
                    raise Rejected(f"{path} 的表头里“{twice}”出现了两次：请给列起不同的名字再导入。")
                return sheet, number, header
            best = max(best, header, key=lambda row: (sum(column in row for column in columns), sum(map(bool, row))))
    if not any(best):
        raise Rejected(f"{path} 里没有内容：请检查导出是否完成。")
    raise missing(path, columns, [name for name in best if name])


def _require_harmless(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise Rejected(f"{path} 不是完好的 .xlsx 文件：请在 Excel 里另存为 .xlsx，不要加密，再导入。") from error
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if unpacked > UNPACKED_BYTES_MAX or (unpacked > 1 << 24 and unpacked / packed > RATIO_MAX):
        raise Rejected(
            f"{path} 解压后有 {unpacked / 1024 / 1024:,.0f} MB，大得不正常：请分成几个文件，或另存为 CSV 再导入。"
        )

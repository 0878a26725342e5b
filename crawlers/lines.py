"""Physical lines of a file that somebody hands us: plain or gzip, UTF-8 or GBK, with bounded memory."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from contracts.errors import Rejected, reason_of

LINE_BYTES_MAX: Final = 1 << 20
"""A row of a post needs no more; a longer line is rejected without being held in memory."""
_CHUNK = 1 << 18
_SAMPLE = 1 << 20
_FORMATS: Final = {
    b"\x89PNG": "一张 PNG 图片",
    b"\xff\xd8\xff": "一张 JPEG 图片",
    b"GIF8": "一张 GIF 图片",
    b"%PDF": "一个 PDF 文件",
    b"PK\x03\x04": "一个 Excel 或 ZIP 文件",
    b"\xd0\xcf\x11\xe0": "一个旧版 Excel 或 Word 文件",
    b"SQLite format 3": "一个 SQLite 数据库",
    b"7z\xbc\xaf": "一个 7z 压缩文件",
    b"Rar!": "一个 RAR 压缩文件",
    b"\x28\xb5\x2f\xfd": "一个 zstd 压缩文件",
}
_ADVICE = "请另存为 UTF-8 编码的 CSV 或 JSONL（Excel 请存成 .xlsx）再导入。"


class Line(msgspec.Struct, frozen=True):
    """One physical line (from 1) without its end, or the reason why it cannot be read."""

    number: int
    text: str = ""
    fault: str = ""


class TextFile:
    """A judged file: `encoding` is known, and `lines` can be read any number of times."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self.encoding = encoding

    def lines(self) -> Iterator[Line]:
        """Yield every physical line. Raises Rejected when a compressed file breaks off."""
        number = 0
        for data, is_too_long in _split(self.chunks()):
            number += 1
            if is_too_long:
                yield Line(number, fault=f"一行超过 {LINE_BYTES_MAX // 1024} KB：请检查换行符，一条帖子不会这么长。")
                continue
            try:
                text = data.decode(self.encoding)
            except UnicodeDecodeError:
                yield Line(number, fault=f"这一行不是有效的 {_name(self.encoding)} 编码：请修正后重新导入。")
                continue
            yield Line(number, text.removeprefix("\ufeff") if number == 1 else text)

    def chunks(self) -> Iterator[bytes]:
        """Yield the decompressed bytes."""
        with self.path.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            source = gzip.GzipFile(fileobj=file) if is_gzip else file
            try:
                while chunk := source.read(_CHUNK):
                    yield chunk
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise Rejected(f"{self.path}：gzip 压缩内容已损坏或不完整：请重新下载或重新压缩后再导入。") from error


def open_text_file(path: Path) -> TextFile:
    """Judge a file before anything of it is used. Raises Rejected in one sentence: what, where, remedy."""
    if path.is_dir():
        raise Rejected(f"{path} 是一个目录：请给出其中某个 CSV 或 JSONL 文件的路径。")
    if not path.exists():
        raise Rejected(f"找不到文件 {path}：请检查路径是否写对。")
    if not path.is_file():
        raise Rejected(f"{path} 不是普通文件：请给出 CSV 或 JSONL 文件的路径。")
    try:
        if not path.stat().st_size:
            raise Rejected(f"{path} 是空文件：没有可导入的内容，请检查导出是否完成。")
        with path.open("rb") as file:
            head = file.read(16)
        for magic, name in _FORMATS.items():
            if head.startswith(magic):
                raise Rejected(f"{path} 是{name}，不是文本：{_ADVICE}")
        file_ = TextFile(path, "utf-8")
        sample = _sample(file_)
    except OSError as error:
        raise Rejected(f"读不了文件 {path}（{reason_of(error)}）：请检查权限和磁盘。") from error
    if not sample.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Rejected(f"{path} 里没有内容：请检查导出是否完成。")
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Rejected(f"{path} 是 UTF-16 编码：{_ADVICE}")
    if b"\0" in sample[:65536]:
        raise Rejected(f"{path} 含有空字节，是二进制文件，不是文本：{_ADVICE}")
    file_.encoding = _encoding(sample, path)
    return file_


def _sample(file: TextFile) -> bytes:
    """Return the first mebibyte, and if that is pure ASCII also the first chunk that is not."""
    sample = bytearray()
    for chunk in file.chunks():
        if len(sample) < _SAMPLE or not chunk.isascii():
            sample += chunk
        if len(sample) >= _SAMPLE and not sample.isascii():
            break
    return bytes(sample)


def _encoding(sample: bytes, path: Path) -> str:
    if sample.startswith(b"\xef\xbb\xbf") or sample.isascii():
        return "utf-8"
    lines = [line for line in sample[: sample.rfind(b"\n") + 1 or None].split(b"\n") if not line.isascii()]
    if not lines:
        lines = [sample]
    utf_8 = sum(_is(line, "utf-8") for line in lines)
    if 2 * utf_8 >= len(lines):
        return "utf-8"
    gbk = sum(_is(line, "gb18030") for line in lines)
    if 2 * gbk >= len(lines):
        return "gb18030"
    raise Rejected(f"{path} 的编码既不是 UTF-8 也不是 GBK：{_ADVICE}")


def _is(line: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(line)  # a sample may end within a character
    except UnicodeDecodeError:
        return False
    return True


def _name(encoding: str) -> str:
    return "UTF-8" if encoding == "utf-8" else "GBK"


def _split(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield (line without its end, False), or (b"", True) for a line beyond the limit; ends are LF, CRLF or a lone CR."""
    held: list[bytes] = []
    size = 0
    is_too_long = False
    carried_cr = False
    for chunk in chunks:
        data = (b"\r" + chunk) if carried_cr else chunk
        carried_cr = data.endswith(b"\r")
        data = data[:-1] if carried_cr else data
        *ended, rest = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for piece in ended:
            is_too_long = is_too_long or size + len(piece) > LINE_BYTES_MAX
            yield (b"", True) if is_too_long else (b"".join([*held, piece]), False)
            held, size, is_too_long = [], 0, False
        size += len(rest)
        if size > LINE_BYTES_MAX:
            held, is_too_long = [], True
        elif rest:
            held.append(rest)
    if held or is_too_long or carried_cr:
        yield (b"", True) if is_too_long else (b"".join(held), False)

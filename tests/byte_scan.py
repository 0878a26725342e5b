"""Looks for many pieces of text in the raw bytes of files, in every encoding that a program may have used.

Every eight bytes of a file are held against the ends of all pieces at once (the beginnings of most are alike), so that
ten thousand pieces cost little more than one.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
_WINDOW: Final = 8
_CHUNK: Final = 1 << 21
_BITS: Final = 21
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)


class Found(NamedTuple):
    """A file and the piece that stands in it."""

    file: str
    piece: str


class Pieces:
    """The pieces to look for, made ready once."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._named: dict[bytes, str] = {}
        for piece in set(pieces):
            for encoding in ENCODINGS:
                self._named.setdefault(piece.encode(encoding, "ignore"), piece)
        self._short = [data for data in self._named if 4 <= len(data) < _WINDOW]
        self._long: dict[int, list[bytes]] = {}
        for data in self._named:
            if len(data) >= _WINDOW:
                self._long.setdefault(int.from_bytes(data[-_WINDOW:], "little"), []).append(data)
        self._ends = np.array(sorted(self._long), dtype=np.uint64)
        self._may_end = np.zeros(1 << _BITS, dtype=bool)
        self._may_end[self._hashed(self._ends)] = True

    def within(self, data: bytes) -> set[str]:
        """Return the pieces that stand in `data`."""
        return {self._named[piece] for piece in self._standing(data)}

    def in_files(self, folder: Path) -> list[Found]:
        """Return every piece found in a file of the folder, with the file's path within it.

        What is packed (a report as DOCX) is looked at unpacked too.
        """
        return [
            Found(name, piece)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            for name, data in _with_parts(str(path.relative_to(folder)), path.read_bytes())
            for piece in sorted(self.within(data))
        ]

    def _standing(self, data: bytes) -> Iterator[bytes]:
        yield from (piece for piece in self._short if piece in data)
        for start in range(0, max(0, len(data) - _WINDOW + 1), _CHUNK):
            part = np.frombuffer(data[start : start + _CHUNK + _WINDOW - 1], dtype=np.uint8)
            windows = np.lib.stride_tricks.sliding_window_view(part, _WINDOW)
            values = np.ascontiguousarray(windows).view("<u8").ravel()
            near = np.flatnonzero(self._may_end[self._hashed(values)])
            for at in near[np.isin(values[near], self._ends)]:
                end = start + int(at) + _WINDOW
                yield from (piece for piece in self._long[int(values[at])] if data.endswith(piece, 0, end))

    @staticmethod
    def _hashed(values: np.ndarray) -> np.ndarray:
        return (values * _MIX) >> np.uint64(64 - _BITS)


def _with_parts(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from ((f"{name}:{part}", archive.read(part)) for part in archive.namelist())

"""A report's files: written whole or not at all, readable by the owner of the home only."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from contracts.errors import NotConfigured, Retryable, reason_of
from contracts.report import Report
from reports import docx, html


def paths(report: Report, folder: Path) -> tuple[Path, ...]:
    """Return where the report's files stand or will stand: 2026-W47-430000.html and .docx."""
    return tuple(folder / f"{report.week}-{report.unit}.{kind}" for kind in ("html", "docx"))


def write(report: Report, folder: Path, *, people: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Write HTML and DOCX and return their paths. Raises Retryable (disk full), NotConfigured (folder unusable)."""
    bodies = (html.render(report, people=people).encode(), docx.render(report, people=people))
    written = paths(report, folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, body in zip(written, bodies, strict=True):
            _replace(path, body)
    except (PermissionError, FileExistsError, NotADirectoryError) as refused:
        raise NotConfigured(f"周报文件夹 {folder} 不能写入；请检查它的权限后重试。") from refused
    except OSError as full:
        raise Retryable(f"周报没有写进 {folder}（{reason_of(full)}）；请腾出磁盘空间后重试。") from full
    return written


def _replace(path: Path, body: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        try:
            draft.write(body)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).replace(path)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise

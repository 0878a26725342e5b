"""`backup`: one consistent archive of a home, also while it runs."""

import io
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from contracts.errors import Rejected, reason_of
from qingting.home import Home

DATABASES = ("desk.db", "log.db", "index.db")
"""In this order: the desk's positions are then never ahead of the log's streams, nor the log's commits ahead of the
index. A restored home repeats work; it never skips any."""


def backup(home: Home, target: Path) -> int:
    """Write the archive and return its size in bytes; an unfinished archive is never left under the target's name.

    Raises Rejected where the target exists already or cannot be written.
    """
    if target.exists():
        raise Rejected(f"{target} 已存在。请换一个文件名，以免盖掉旧备份。")
    part = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, tarfile.open(part, "w") as archive:
            for name in DATABASES:
                source = home.data / name
                if source.exists():
                    _copy(source, Path(folder) / name)
                    archive.add(Path(folder) / name, f"data/{name}")
            for path in sorted(home.folder.rglob("*")):
                if home.data not in path.parents and path not in (home.data, target, part) and path.is_file():
                    _add(archive, path, path.relative_to(home.folder))
        part.replace(target)
    except OSError as failed:
        part.unlink(missing_ok=True)
        raise Rejected(f"备份写不到 {target}（{reason_of(failed)}）。请检查路径、权限和磁盘空间。") from failed
    return target.stat().st_size


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _add(archive: tarfile.TarFile, path: Path, name: Path) -> None:
    data = path.read_bytes()
    entry = archive.gettarinfo(path, str(name))
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))

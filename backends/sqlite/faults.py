"""What a SQLite error means for the caller."""

import sqlite3

from contracts.errors import NotConfigured, QingtingError, Retryable


def decided(fault: BaseException | None, file: str) -> QingtingError | None:
    """Return what to raise instead of a driver's error on `file`; None for one that is a fault of ours."""
    if not isinstance(fault, sqlite3.DatabaseError):
        return None
    words = str(fault)
    if "locked" in words or "busy" in words:
        return Retryable(f"{file} 正被另一个进程写入，等了太久；程序会自动重试。")
    if "is full" in words:
        return Retryable(f"{file} 所在的磁盘已满，没有写入任何内容；请腾出空间，程序会自动重试。")
    if "disk I/O error" in words:
        return Retryable(f"读写 {file} 时磁盘出错；请检查磁盘和剩余空间，程序会自动重试。")
    if "unable to open" in words or "readonly" in words:
        return NotConfigured(f"打不开或写不进 {file}；请检查路径是否存在、当前用户有没有读写权限。")
    if "not a database" in words or "malformed" in words:
        return NotConfigured(f"{file} 不是完好的数据库文件；请从备份恢复，或移走它后重建。")
    return None

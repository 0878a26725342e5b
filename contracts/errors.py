"""The four ways in which work can fail, so that every caller knows what to do next; and what the system refused, in words."""

import errno
from typing import Final

_REFUSALS: Final[dict[int, str]] = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.EEXIST: "已有同名的文件或文件夹",
    errno.ENAMETOOLONG: "文件名太长",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘是只读的",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.EFBIG: "文件超过了大小上限",
    errno.EIO: "磁盘读写出错",
    errno.EMFILE: "打开的文件太多",
    errno.EADDRNOTAVAIL: "这台机器没有这个地址",
}


class QingtingError(Exception):
    """Anything the program raises on purpose; its text is one clear sentence for the person who reads it."""


class Retryable(QingtingError):  # noqa: N818 - the word names the decision, not a fault
    """The same call may succeed later (a lock, a lost connection, a full disk): keep the work and try again."""


class Rejected(QingtingError):  # noqa: N818
    """This input can never succeed: it goes to the dead letters with `reason`; the rest goes on."""


class Conflict(QingtingError):  # noqa: N818
    """Somebody else was first or holds the lease: stop, reread, decide anew."""


class NotConfigured(QingtingError):  # noqa: N818
    """A part is off or lacks a setting; the text names the file, the key and the remedy."""


def reason_of(failed: OSError) -> str:
    """Return why the operating system refused, in Chinese; a rare refusal with its number and the system's own word."""
    if failed.errno is None:
        return str(failed)
    return _REFUSALS.get(failed.errno) or f"系统错误 {failed.errno}：{failed.strerror}"

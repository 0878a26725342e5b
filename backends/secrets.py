"""Passwords of servers, read from files of the home's `secrets/`."""

from pathlib import Path

from contracts.errors import NotConfigured


def read_secret(folder: Path, name: str, key: str) -> str:
    """Return what a file of secrets holds, without blanks around. Raises NotConfigured naming the settings key."""
    if not name:
        raise NotConfigured(f"{key} 没有写；请写明 secrets/ 里存口令的文件名。")
    try:
        found = (folder / name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as broken:
        raise NotConfigured(f"{key} 写的文件 {folder / name} 读不了；请建好它，权限 0600，只写口令。") from broken
    if not found:
        raise NotConfigured(f"{key} 写的文件 {folder / name} 是空的；请写入口令。")
    return found

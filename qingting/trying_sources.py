"""`sources check` on the wire: the sources are asked once, in a process of their own that is ended at the deadline."""

import multiprocessing
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from qingting.home import Home

if TYPE_CHECKING:
    from crawlers.source import Source
    from crawlers.trying import Tried

_ENDS_S: Final = 1.0
"""Kept back of the deadline for the child to end, and for printing."""


def asked_once(home: Home, sources: "Sequence[Source]", seconds: float) -> "Sequence[Tried]":
    """Return what each source answered within `seconds`, in their order; who did not is told so. Nothing is kept."""
    crawled = [source for source in sources if source.is_crawled]
    found = _asked(home, crawled, seconds) if crawled else {}
    found |= {source.id: _not_asked(home, source) for source in sources if not source.is_crawled}
    return [found[source.id] for source in sources]


def _not_asked(home: Home, source: "Source") -> "Tried":
    """Return what is still to be done for a source that comes to us by itself."""
    from contracts.errors import NotConfigured
    from crawlers.mapping import FIELDS
    from crawlers.trying import Tried

    if source.kind == "import":
        columns = {name: getattr(source.fields, name) for name in FIELDS if getattr(source.fields, name)}
        if not columns:
            return Tried(
                source=source.id, note=f"不用到网上问。导入：qingting import 文件 --source {source.id} --map text=列名"
            )
        listed = "，".join(f"{name} 取“{column}”列" for name, column in columns.items())
        missing = "" if "text" in columns else "没有说明哪一列是正文：请写 fields.text，或导入时加 --map text=列名。"
        return Tried(
            source=source.id, failure=missing,
            note=f"不用到网上问。导入：qingting import 文件 --source {source.id}；{listed}",
        )  # fmt: skip
    to = f"不用到网上问。对方 POST 到值班台的 /push/{source.id}，每分钟最多 {source.per_minute} 次"
    if not home.exists():
        return Tried(source=source.id, note=f"{to}；建好 home 后，把密钥放进 secrets/push-{source.id}.key")
    try:
        home.secret(f"push-{source.id}.key")
    except NotConfigured:
        return Tried(
            source=source.id, note=to,
            failure=f"还没有推送密钥：请在 {home.secrets} 建 push-{source.id}.key（至少 32 个字符，权限 0600），并交给对方。",
        )  # fmt: skip
    return Tried(source=source.id, note=f"{to}；密钥已有")


def _asked(home: Home, sources: "Sequence[Source]", seconds: float) -> "dict[str, Tried]":
    from crawlers.settings import CrawlSettings
    from crawlers.trying import Tried, try_sources
    from qingting.settings import load

    until_s = time.monotonic() + seconds - _ENDS_S
    settings = load(home.settings_file).crawl if home.exists() else CrawlSettings()
    # a process of its own: Twisted's reactor runs once in one, and a name server that hangs can only be left behind
    processes = multiprocessing.get_context("spawn")
    receiver, sender = processes.Pipe(duplex=False)
    # no daemon: it reads articles in children of its own, that end with it
    child = processes.Process(target=try_sources, args=(sources, settings, sender, until_s - time.monotonic()))
    child.start()
    sender.close()
    found: dict[str, Tried] = {}
    try:
        while len(found) < len(sources) and receiver.poll(max(until_s - time.monotonic(), 0.0)):
            tried = msgspec.json.decode(receiver.recv_bytes(), type=Tried)
            found[tried.source] = tried
    except EOFError:
        pass  # the child has ended; who is missing is told below
    finally:
        child.join(_ENDS_S / 2)  # it ends by itself unless something hangs
        child.kill()
        child.join()
        receiver.close()
    late = f"{seconds:.0f} 秒内没有等到结果（对方没有回应，或同一主机的信源要排队）：请加 --seconds 60，或用 --source 单独再试。"
    return {source.id: found.get(source.id) or Tried(source=source.id, failure=late) for source in sources}

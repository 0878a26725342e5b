"""What `sources check` found of one source, as a tired person reads it: the verdict first, then what stands behind it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from contracts.post import Post
from contracts.provenance import DATE_SOURCE_WORDS, LANGUAGE_WORDS
from qingting.cli.printing import beijing
from text.mask import KIND_WORDS

if TYPE_CHECKING:
    from crawlers.source import Source
    from crawlers.trying import Tried

_ROBOTS: Final = {"allowed": "允许", "refused": "不许，或者读不到（读不到也不采）", "unknown": "没有问到"}
_KINDS: Final = {
    "feed": "订阅源", "forum": "论坛", "list": "列表页", "sitemap": "站点地图", "json": "接口", "hotlist": "热榜", "push": "推送",
    "import": "导入",
}  # fmt: skip
_TITLE_MAX: Final = 40


def told(source: "Source", tried: "Tried") -> str:
    """Return some lines about one source."""
    about = "，".join(word for word in (source.name, _KINDS[source.kind], "" if source.enabled else "停用") if word)
    verdict = "不行" if tried.failure else "可以"
    return "\n".join((f"{verdict}  {source.id}（{about}）", *(f"      {line}" for line in _lines(source, tried))))


def _lines(source: "Source", tried: "Tried") -> Iterator[str]:
    if tried.failure:
        yield f"原因：{tried.failure}"
    if not source.is_crawled:
        if tried.note:
            yield tried.note
        return
    yield f"robots.txt：{_ROBOTS[tried.robots]}"
    if tried.first is not None or tried.terms:
        yield f"条款提示：{'；'.join(tried.terms) or '页面上没有找到，请到网站上看'}"
    if tried.first is not None:
        yield from _post(source, tried.first, tried.posts)


def _post(source: "Source", post: Post, posts: int) -> Iterator[str]:
    said = (post.title or post.text).replace("\n", " ")
    yield f"读出 {posts} 条，最新一条：{said[:_TITLE_MAX]}{'…' if len(said) > _TITLE_MAX else ''}"
    if post.time_is_doubtful:
        yield "时间：这一条没有可靠的时间，会记成首次看到的时间；有时间可取的，请写 published_at"
    else:
        said = f"（取自{DATE_SOURCE_WORDS[post.date_source]}）" if post.date_source else ""
        yield f"时间：{beijing(post.published_at, '%Y-%m-%d %H:%M')}{said}"
    masked = f"；已遮盖：{'、'.join(KIND_WORDS[kind] for kind in post.masked)}" if post.masked else ""
    language = LANGUAGE_WORDS.get(post.language, "")
    yield f"正文：{len(post.text)} 字{f'，{language}' if language else ''}{masked}"
    stored = ["正文", *(word for word, holds in (
        ("标题", post.title), ("网址", post.url), ("时间", not post.time_is_doubtful), ("作者的化名（不存姓名）", post.author), ("地区", post.place),
        ("互动数", post.likes or post.reposts or post.comments), ("榜上位次和热度", source.kind == "hotlist"),
    ) if holds)]  # fmt: skip
    yield f"会存：{'、'.join(stored)}"

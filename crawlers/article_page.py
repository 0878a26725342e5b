"""An article's page as a raw post: what `crawlers.article` read, unless the source names selectors of its own."""

from datetime import datetime

import msgspec
from parsel import Selector

from contracts.provenance import DateSource
from crawlers.article import Article, Unreadable
from crawlers.raw_post import RawPost
from crawlers.selected import all_text, count_of, first_text
from crawlers.source import Source
from crawlers.times import read_time


class Hint(msgspec.Struct, frozen=True):
    """What the way to a page already said of it: a news sitemap, an item of an answer in JSON."""

    title: str = ""
    published_at: datetime | None = None


def article_post(
    article: Article | Unreadable, page: Selector, *, url: str, source: Source, hint: Hint, now: datetime
) -> RawPost | Unreadable:
    """Return the article as a raw post, or why the page holds none. What the page says goes before the hint."""
    shape = source.article
    found = article if isinstance(article, Article) else None
    text = all_text(page, shape.text) if shape.text else found.text if found else ""
    if not text.strip():
        return article if isinstance(article, Unreadable) else Unreadable("没有一处符合 article.text，或者那里没有字。")
    said: datetime | None = None
    date_source: DateSource = "text"
    if shape.published_at:
        said = read_time(first_text(page, shape.published_at), now)
    elif found and found.date_source != "first_seen":
        said, date_source = found.published_at, found.date_source
    return RawPost(
        source=source.id,
        platform=source.platform,
        url=url,
        title=(first_text(page, shape.title) if shape.title else found.title if found else "") or hint.title,
        text=text,
        author_kind=source.author_kind,
        published_at=said or hint.published_at,
        date_source=date_source if said else "list",
        likes=count_of(first_text(page, shape.likes)),
        reposts=count_of(first_text(page, shape.reposts)),
        comments=count_of(first_text(page, shape.comments)),
        place=source.place,
        sample=source.sample,
    )

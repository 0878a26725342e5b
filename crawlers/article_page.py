"""An article's page as a raw post: what `crawlers.article` reads, unless the source names selectors of its own."""

from datetime import datetime

import msgspec
from parsel import Selector

from crawlers.article import read_article
from crawlers.raw_post import RawPost
from crawlers.selected import all_text, first_text
from crawlers.source import Source
from crawlers.times import read_time


class Hint(msgspec.Struct, frozen=True):
    """What the way to a page already said of it: a news sitemap, an item of an answer in JSON."""

    title: str = ""
    published_at: datetime | None = None


def article_post(
    html: bytes, page: Selector, *, url: str, content_type: str, source: Source, hint: Hint, now: datetime
) -> RawPost | None:
    """Return the article as a raw post, None where the page holds no text. What the page says goes before the hint."""
    shape = source.article
    article = read_article(html, url, content_type)
    text = all_text(page, shape.text) if shape.text else article.text
    if not text.strip():
        return None
    said = read_time(first_text(page, shape.published_at), now) if shape.published_at else article.published_at
    return RawPost(
        source=source.id,
        platform=source.platform,
        url=url,
        title=(first_text(page, shape.title) if shape.title else article.title) or hint.title,
        text=text,
        author_kind=source.author_kind,
        published_at=said or hint.published_at,
        place=source.place,
        sample=source.sample,
    )

"""Measures how well and how fast articles are read: `python tools/extraction_bench.py FOLDER`.

FOLDER holds pages as `NAME.html` (the bytes as they came) with the article's text beside as `NAME.txt` (UTF-8, without
title unless its first line is the title); folders within are read too. Nothing of it is kept. With `--gold FOLDER` the
texts lie in a folder of their own under the same names, and any file of FOLDER that has one is a page.

Printed for each reader, all in the same run on the same pages: macro F1, precision and recall of character 4-gram
multisets (spaces aside), pages below 0.5, empty pages, and pages per CPU second of this one process.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import justext  # type: ignore[import-untyped]
import trafilatura
from readability import Document  # type: ignore[import-untyped]

from crawlers.article import Article, read_article
from crawlers.charset import decode_page
from crawlers.page_text import fragment_text

NOW = datetime(2026, 11, 25, tzinfo=UTC)
Reader = Callable[[bytes], str]


def ours(body: bytes) -> str:
    article = read_article(body, "https://bench.invalid/", first_seen=NOW)
    return f"{article.title}\n{article.text}" if isinstance(article, Article) else ""


def by_trafilatura(body: bytes) -> str:
    return trafilatura.extract(body) or ""


def by_readability(body: bytes) -> str:
    # its own charset guess is no part of what is compared
    return fragment_text(Document(decode_page(body).text).summary(html_partial=True))


def by_justext(body: bytes) -> str:
    paragraphs = justext.justext(decode_page(body).text, (), 20, 60, 0, 0)
    return "\n".join(paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate)


READERS: dict[str, Reader] = {
    "ours": ours,
    "trafilatura": by_trafilatura,
    "readability": by_readability,
    "justext": by_justext,
}


def grams(text: str) -> Counter[str]:
    text = "".join(text.split())
    return Counter(text[place : place + 4] for place in range(max(len(text) - 3, 0)))


def figures(found: str, gold: str) -> tuple[float, float, float]:
    """Return F1, precision, recall."""
    one, other = grams(found), grams(gold)
    shared = (one & other).total()
    precision = shared / one.total() if one else 0.0
    recall = shared / other.total() if other else 0.0
    return (2 * precision * recall / (precision + recall) if shared else 0.0), precision, recall


def corpus(folder: Path, golds: Path | None) -> list[tuple[str, bytes, str]]:
    if golds:
        pairs = [(page, golds / page.relative_to(folder)) for page in sorted(folder.rglob("*")) if page.is_file()]
    else:
        pairs = [(page, page.with_suffix(".txt")) for page in sorted(folder.rglob("*.html"))]
    return [
        (str(page.relative_to(folder)), page.read_bytes(), gold.read_text("utf-8"))
        for page, gold in pairs
        if gold.is_file()
    ]


def measure(pages: list[tuple[str, bytes, str]], read: Reader, name: str) -> tuple[list[float], str]:
    scores = []
    seconds = 0.0
    for _, body, gold in pages:
        started = time.process_time()
        try:
            found = read(body)
        except Exception:  # noqa: BLE001 - a reader that fails on a page has read nothing
            found = ""
        seconds += time.process_time() - started
        if name == "ours":  # ours is kept apart from its title; a gold text may have it or not
            title, _, text = found.partition("\n")
            found = found if "".join(gold.split()).startswith("".join(title.split())) else text
        scores.append((*figures(found, gold), not found.strip()))
    count = len(scores)
    f1, precision, recall = (sum(score[part] for score in scores) / count for part in range(3))
    below = sum(score[0] < 0.5 for score in scores)
    empty = sum(score[3] for score in scores)
    line = f"{name:12} {f1:.3f} {precision:.3f} {recall:.3f} {below:5d} {empty:5d} {count / seconds:8.1f}"
    return [score[0] for score in scores], line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="name the N pages that ours reads worst")
    parser.add_argument("--only", choices=sorted(READERS), action="append")
    asked = parser.parse_args()
    pages = corpus(asked.folder, asked.gold)
    if not pages:
        print(f"no page with a gold text under {asked.folder}", file=sys.stderr)
        return 2
    size = sum(len(body) for _, body, _ in pages) / len(pages) / 1000
    print(f"{len(pages)} pages, mean {size:.0f} kB")
    print("reader        F1    P     R     <.5  empty  pages/s")
    scores: dict[str, list[float]] = {}
    for name, read in READERS.items():
        if asked.only and name not in asked.only:
            continue
        read(pages[0][1])  # imports and caches are no part of a page
        scores[name], line = measure(pages, read, name)
        print(line, flush=True)
    if asked.worst and "ours" in scores:
        for place in sorted(range(len(pages)), key=lambda place: scores["ours"][place])[: asked.worst]:
            others = " ".join(f"{name} {scores[name][place]:.2f}" for name in scores)
            print(f"{pages[place][0]}: {others}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

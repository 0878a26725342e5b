"""Which column of a file is which field of a post."""

import difflib
from collections.abc import Mapping
from typing import Final

from contracts.errors import Rejected

FIELDS: Final = ("text", "id", "url", "title", "published_at", "author", "likes", "reposts", "comments")
"""What a column can be mapped to; `text` must be."""


def require_mapping(columns: Mapping[str, str]) -> None:
    """Raise Rejected for a field that is none, with the nearest name, and where no column holds the text."""
    for field in columns:
        if field not in FIELDS:
            near = difflib.get_close_matches(field, FIELDS, n=1, cutoff=0.5)
            hint = f"，是不是“{near[0]}”" if near else ""
            raise Rejected(f"--map 里的“{field}”不是可用的字段{hint}；可用的有：{'、'.join(FIELDS)}。")
    if not columns.get("text"):
        raise Rejected("没有说明哪一列是正文：请加上 --map text=列名。")

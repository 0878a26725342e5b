"""Which of the documents that come have to be written, whatever the engine."""

from collections.abc import Mapping, Sequence

import msgspec

from contracts.document import Document


def newest(documents: Sequence[Document], former: Mapping[str, Document]) -> dict[str, Document]:
    """Return what has to be written: the newest version of each post, with the fold and event it had at first.

    A plea has none, whatever it was before.
    """
    wanted: dict[str, Document] = {}
    for document in documents:
        post = document.post
        known = wanted.get(post.id) or former.get(post.id)
        if known is not None and post.fetched_at < known.post.fetched_at:
            continue
        if document.score.lane is not None:
            document = msgspec.structs.replace(document, fold_of="", event="", absorbed="")  # noqa: PLW2901
        elif known is not None:
            document = msgspec.structs.replace(  # noqa: PLW2901
                document, fold_of=known.fold_of, event=known.event, absorbed=known.absorbed
            )
        wanted[post.id] = document
    return {post: document for post, document in wanted.items() if former.get(post) != document}

"""帖子: one post, what the model made of it and why, and the officer's correction."""

from starlette.responses import Response

from contracts.document import Document, Query
from contracts.errors import NotConfigured, Rejected
from contracts.explanation import Explanation
from contracts.lane import DANGEROUS
from contracts.topic import TOPIC_WORDS
from desk import hot, names, wording
from desk.judged import judged, shown_text
from desk.owed import of_post
from desk.visit import NotFound, Visit
from response import correcting
from response.correcting import Labels


def post(visit: Visit) -> Response:
    """Show one post with its judgement and its copies; a plea is not found here, whoever asks."""
    document = _document(visit)
    copies = visit.desk.index.search(Query(fold_of=document.post.id, limit=20))
    with visit.desk.database.reading() as connection:
        corrections = correcting.of_post(connection, document.post.id)
        people = names.of(connection)
    reasons = reasons_of(visit, document)
    return visit.page(
        "post.html", document=document, copies=copies, judged=judged(document.post, document.score, reasons), reasons=reasons,
        corrections=corrections, people=people, labels=corrections[0].labels if corrections else labels_of(document),
        topics=TOPIC_WORDS, targets=wording.TARGETS, advice=of_post(visit, document),
        standing=hot.standing_of(visit, document.post.source, document.post.id),
    )  # fmt: skip


def correct(visit: Visit) -> Response:
    """改正."""
    document = _document(visit)
    labels = labels_in(visit)
    with visit.desk.database.writing() as connection:
        correcting.correct(
            connection, visit.officer, document.post.id, labels, scorer=document.score.scorer, now=visit.now
        )
    return visit.done(f"/posts/{document.post.id}", "corrected")


def labels_in(visit: Visit) -> Labels:
    """Return the labels of a filled-in correction. Raises Rejected where no attitude was chosen."""
    sentiment = visit.field("sentiment")
    if sentiment not in ("-1", "0", "1"):
        raise Rejected("情感只能是负面、中性或正面，请选一个。")
    return Labels(
        sentiment=int(sentiment), topics=visit.fields("topics"),  # type: ignore[arg-type]  # judged by `correct`
        target=visit.field("target"),  # type: ignore[arg-type]
        **{mark: visit.field(mark) == "1" for mark in wording.MARKS},
    )  # fmt: skip


def labels_of(document: Document) -> Labels:
    """Return what the model said, as the labels that an officer would give."""
    score = document.score
    return Labels(
        sentiment=score.sentiment, topics=score.topics,  # type: ignore[arg-type]  # an older score may name others
        help=score.lane is not None, danger=score.lane in DANGEROUS, attack=score.may_attack, counter=score.may_support,
        target=score.target,
    )  # fmt: skip


def _document(visit: Visit) -> Document:
    identity = visit.part("id")
    document = visit.desk.index.get([identity]).get(identity)
    if document is None or document.score.lane is not None:
        raise NotFound(identity)
    return document


def reasons_of(visit: Visit, document: Document) -> Explanation | None:
    """Return the model's reasons, None where no model can give them: the post is shown all the same."""
    if visit.desk.explain is None:
        return None
    try:
        return visit.desk.explain(shown_text(document.post))
    except NotConfigured:
        return None

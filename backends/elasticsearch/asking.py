"""A question as a query of Elasticsearch."""

from collections.abc import Sequence
from typing import Any

from backends.query import Every, Node, Phrase, parse
from contracts.document import Query
from contracts.instant import microseconds
from contracts.region import prefix

Clause = dict[str, Any]


def asked(query: Query) -> Clause:
    """Return the query with all its filters. Raises Rejected for a text that cannot be parsed."""
    node = parse(query.text)
    clauses = [*_time(query), *_facets(query), *_pleas(query)]
    if node:
        clauses.append(_text(node))
    return {"bool": {"filter": clauses}} if clauses else {"match_all": {}}


def _text(node: Node) -> Clause:
    if isinstance(node, Phrase):
        return {
            "multi_match": {
                "query": " ".join(node.tokens), "type": "phrase", "fields": ["title_words", "words"],
                "analyzer": "whitespace",
            }
        }  # fmt: skip
    if isinstance(node, Every):
        return {
            "bool": {"filter": [_text(one) for one in node.wanted], "must_not": [_text(one) for one in node.excluded]}
        }
    return _any([_text(one) for one in node.wanted])


def _time(query: Query) -> list[Clause]:
    limits = {}
    if query.since is not None:
        limits["gte"] = microseconds(query.since)
    if query.until is not None:
        limits["lt"] = microseconds(query.until)
    return [{"range": {"micros": limits}}] if limits else []


def _facets(query: Query) -> list[Clause]:
    found: list[Clause] = [
        {"terms": {field: list(values)}}
        for field, values in (
            ("topics", query.topics), ("sentiment", query.sentiments), ("source", query.sources), ("event", query.events),
        )
        if values
    ]  # fmt: skip
    if query.regions:
        found.append(_within(query.regions))
    if query.fold_of:
        found.append({"term": {"fold_of": query.fold_of}})
    if query.originals_only:
        found.append({"term": {"is_copy": False}})
    if query.advice_only:
        found.append({"term": {"is_advice": True}})
    return found


def _pleas(query: Query) -> list[Clause]:
    found: list[Clause] = []
    if query.pleas != "with":
        found.append({"term": {"is_plea": query.pleas == "only"}})
    if query.pleas_within and query.pleas != "none":
        found.append(_any([{"term": {"is_plea": False}}, _within(query.pleas_within)]))
    return found


def _within(areas: Sequence[str]) -> Clause:
    """Areas by division code or prefix; "" is no place at all."""
    placed: list[Clause] = [{"prefix": {"regions": prefix(area)}} for area in areas if area]
    if "" in areas:
        placed.append({"bool": {"must_not": [{"exists": {"field": "regions"}}]}})
    return _any(placed)


def _any(clauses: Sequence[Clause]) -> Clause:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}

"""A question as an expression of FTS5."""

from collections.abc import Sequence

from backends.query import Any, Node, Phrase


def match(node: Node) -> str:
    """Return the FTS5 expression: phrases in quotes and our own operators, nothing else."""
    if isinstance(node, Phrase):
        return '"' + " ".join(node.tokens).replace('"', '""') + '"'
    if isinstance(node, Any):
        return _joined(" OR ", node.wanted)
    wanted = _joined(" AND ", node.wanted)
    return f"({wanted} NOT {_joined(' OR ', node.excluded)})" if node.excluded else wanted


def _joined(operator: str, nodes: Sequence[Node]) -> str:
    return "(" + operator.join(map(match, nodes)) + ")"

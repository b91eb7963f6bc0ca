"""Several nodes of a graph that together are one operation, and how they are found."""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from deblur.tfjs.graph import Graph

Pattern: TypeAlias = "str | float | tuple[str | Pattern, ...]"
"""A text stands for any node, the same wherever it stands; a number for a constant; a tuple
for an operation and what it takes first. ("view", ...) may lie under changes of shape."""

_VIEWS = ("Reshape", "BroadcastTo")
_COMMUTE = ("AddV2", "Mul", "Maximum")
_TOLERANCE = 1e-5

GELU: Pattern = (
    "Mul",
    ("Mul", 0.5, "x"),
    (
        "AddV2",
        1.0,
        (
            "Tanh",
            (
                "Mul",
                math.sqrt(2 / math.pi),
                ("AddV2", "x", ("Mul", ("Mul", 0.044715, "x"), ("Square", "x"))),
            ),
        ),
    ),
)
LEAKY_RELU: Pattern = ("SelectV2", ("GreaterEqual", "x", 0.0), "x", ("Mul", "slope", "x"))
RELU: Pattern = ("Maximum", 0.0, "x")
SIGMOID: Pattern = ("Reciprocal", ("AddV2", 1.0, ("Exp", ("Neg", "x"))))

MEAN: Pattern = ("RealDiv", ("view", ("Sum", "x", "axes")), "count")
_MEAN_OF: Pattern = ("Mul", ("Sum", "x"), "share")
_MEAN_SQUARE: Pattern = ("Mul", ("Sum", ("Square", "x")), "share2")
_VARIANCE: Pattern = ("Maximum", 0.0, ("Sub", _MEAN_SQUARE, ("Square", _MEAN_OF)))
LAYER_NORM: Pattern = (
    "AddV2",
    (
        "Mul",
        ("Sub", "x", ("view", _MEAN_OF)),
        ("Mul", ("Rsqrt", ("AddV2", ("view", _VARIANCE), "epsilon")), "scale"),
    ),
    "bias",
)

MIXING: Pattern = (
    "Transpose",
    ("AddV2", ("Einsum", ("Transpose", "x", "there"), "weights"), "bias"),
    "back",
)
RESIZING: Pattern = ("Transpose", ("Einsum", ("Einsum", "rows", "x"), "columns"))


def match(graph: Graph, pattern: Pattern, name: str) -> dict[str, str] | None:
    """The nodes that a pattern's texts stand for, when the node `name` ends it; else None."""
    return _match(graph, pattern, name, {})


def _match(
    graph: Graph, pattern: Pattern, name: str, found: dict[str, str]
) -> dict[str, str] | None:
    if isinstance(pattern, str):
        return found | {pattern: name} if found.get(pattern, name) == name else None
    if isinstance(pattern, float):
        return found if _is_number(graph, name, pattern) else None
    op, *parts = pattern
    node = graph.nodes[name]
    if op == "view":
        while node.op in _VIEWS:
            node = graph.nodes[node.inputs[0]]
        return _match(graph, parts[0], node.name, found)
    if node.op != op:
        return None
    orders = (_match_all(graph, each, node.inputs, found) for each in _orders(str(op), parts))
    return next((each for each in orders if each is not None), None)


def _match_all(
    graph: Graph, parts: Sequence[Pattern], names: Sequence[str], found: dict[str, str]
) -> dict[str, str] | None:
    for part, name in zip(parts, names, strict=False):
        bound = _match(graph, part, name, found)
        if bound is None:
            return None
        found = bound
    return found


def _orders(op: str, parts: list[Pattern]) -> Iterator[list[Pattern]]:
    yield parts
    if op in _COMMUTE:
        yield parts[::-1]


def _is_number(graph: Graph, name: str, number: float) -> bool:
    values = graph.constants.get(name)
    return (
        values is not None
        and values.size == 1
        and math.isclose(float(values.item()), number, rel_tol=_TOLERANCE)
    )

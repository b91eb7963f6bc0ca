"""What depends on a picture's size alone: computed for two sizes, from which all others follow."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from deblur.errors import ExportError
from deblur.tfjs.graph import Array, Graph, Node

SMALL, LARGE = (64, 64), (128, 192)
"""Height and width of the two probes: how a length grows shows on which of them it depends."""

_GROWTHS = {1: "", 2: "height", 3: "width", 6: "area"}
_WHOLE = {"": 1, "height": SMALL[0], "width": SMALL[1], "area": SMALL[0] * SMALL[1]}
_TYPES = {"DT_FLOAT": np.float32, "DT_INT32": np.int32, "DT_BOOL": np.bool_}

_BY_VALUES: Mapping[str, Callable[..., Any]] = {
    "Abs": np.abs,
    "AddV2": np.add,
    "BroadcastTo": np.broadcast_to,
    "ExpandDims": lambda values, axis: np.expand_dims(values, int(axis)),
    "Floor": np.floor,
    "FloorDiv": np.floor_divide,
    "FloorMod": np.mod,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
    "Less": np.less,
    "LessEqual": np.less_equal,
    "LogicalAnd": np.logical_and,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Mul": np.multiply,
    "NotEqual": np.not_equal,
    "Range": np.arange,
    "RealDiv": np.divide,
    "Reciprocal": np.reciprocal,
    "Reshape": np.reshape,
    "SelectV2": np.where,
    "Sign": np.sign,
    "Sub": np.subtract,
}


def _pack(node: Node, *values: Array) -> Array:
    return np.stack(values, node.number("axis"))


def _cast(node: Node, values: Array) -> Array:
    return values.astype(_TYPES[node.type("DstT")])


def _sum(node: Node, values: Array, axes: Array) -> Array:
    kept = bool(node.number("keep_dims"))
    return np.asarray(values.sum(tuple(axes.ravel()), values.dtype, keepdims=kept))


def _squeeze(node: Node, values: Array) -> Array:
    return np.squeeze(values, node.numbers("squeeze_dims") or None)


def _slice(node: Node, values: Array, begin: Array, end: Array, step: Array) -> Array:
    """Of a list, all that is sliced here."""
    first = None if node.number("begin_mask") else int(begin[0])
    last = None if node.number("end_mask") else int(end[0])
    cut = values[first : last : int(step[0])]
    return np.asarray(cut[0]) if node.number("shrink_axis_mask") else cut


_BY_NODE: Mapping[str, Callable[..., Array]] = {
    "Cast": _cast,
    "Pack": _pack,
    "Squeeze": _squeeze,
    "StridedSlice": _slice,
    "Sum": _sum,
}


class AtSize:
    """The values of a graph's nodes for pictures of one size (height, width), pixels unknown."""

    def __init__(self, graph: Graph, size: tuple[int, int]) -> None:
        self._graph = graph
        self._shape = np.array([1, *size, 3], np.int32)
        self._known: dict[str, Array] = {}

    def value(self, name: str) -> Array:
        """What a node gives. Raises ExportError for one that needs pixels, or is not known."""
        if name in self._graph.constants:
            return self._graph.constants[name]
        if name not in self._known:
            self._known[name] = self._computed(self._graph.nodes[name])
        return self._known[name]

    def _computed(self, node: Node) -> Array:
        if node.op == "Shape":
            return self._shape
        if node.name in self._graph.of_pixels:
            raise ExportError(
                f"{node.name} ({node.op}) depends on pixels where a size was expected"
            )
        values = [self.value(each) for each in node.inputs]
        if node.op in _BY_NODE:
            return _BY_NODE[node.op](node, *values)
        if node.op in _BY_VALUES:
            return np.asarray(_BY_VALUES[node.op](*values))
        raise ExportError(f"{node.name} computes with sizes by {node.op}, which is not known here")


def growth(small: int, large: int) -> tuple[str, int]:
    """A length at SMALL and at LARGE as (what it grows with, parts), and at "" its number.

    ("width", 4) is a quarter of the width. Raises ExportError for what grows otherwise.
    """
    kind = _GROWTHS.get(large // small if small and large % small == 0 else 0)
    if kind == "":
        return kind, small
    if kind is None or _WHOLE[kind] % small:
        raise ExportError(f"a length of {small} became {large}, which follows no side of a picture")
    return kind, _WHOLE[kind] // small

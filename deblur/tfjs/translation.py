"""From a graph of TensorFlow.js to one of ONNX: an operation at a time, from the result back.

Pictures keep the order (N, height, width, channels) that TensorFlow has; convolutions, which want
channels before height, stand between two transpositions, most of which a runtime takes out.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import onnx

from deblur.errors import ExportError
from deblur.tfjs import patterns
from deblur.tfjs.drawing import PICTURE, RESTORED, Drawing
from deblur.tfjs.graph import Array, Graph, Node
from deblur.tfjs.layers import (
    CHANNELS_FIRST,
    CHANNELS_LAST,
    MIXED,
    draw_enlarged,
    draw_linear,
    draw_mixing,
    draw_reduced,
)
from deblur.tfjs.patterns import match
from deblur.tfjs.sizes import LARGE, SMALL, AtSize

Step = tuple[tuple[str, ...], Callable[..., str]]
"""The nodes that an operation takes, and how it is drawn, given what they are called in ONNX."""

_PLACES = {"Conv2D": (0, 1), "Conv2DBackpropInput": (2, 1), "Einsum": (0, 1)}
"""Layers, and where among what they take the picture and the weights stand."""
_SAME_NAMES = {"AddV2": "Add", "Mul": "Mul", "Sub": "Sub"}
_END = np.iinfo(np.int64).max


def translate(graph: Graph, name: str) -> onnx.ModelProto:
    """The same network as ONNX: float32 (N, 3, height, width) in and out.

    Height and width may be any that the network takes. Raises ExportError for an operation
    that is not known here.
    """
    return _Translation(graph).carried_out(name)


class _Translation:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._small, self._large = AtSize(graph, SMALL), AtSize(graph, LARGE)
        self._drawing = Drawing()

    def carried_out(self, name: str) -> onnx.ModelProto:
        given = self._drawing.node("Transpose", PICTURE, perm=CHANNELS_LAST)
        done, waiting = {self._graph.source: given}, [self._graph.result]
        steps: dict[str, Step] = {}
        while waiting:
            node = waiting[-1]
            if node not in steps:
                steps[node] = self._step(node)
            inputs, draw = steps[node]
            if missing := [each for each in inputs if each not in done]:
                waiting += missing
                continue
            waiting.pop()
            if node not in done:
                done[node] = draw(*(done[each] for each in inputs))
        restored = done[self._graph.result]
        self._drawing.node("Transpose", restored, to=RESTORED, perm=CHANNELS_FIRST)
        return self._drawing.model(name)

    def _step(self, name: str) -> Step:
        """How a node is drawn: what it ends, or it alone."""
        if name not in self._graph.of_pixels:
            values = self._fixed(name)
            return (), lambda: self._drawing.constant(values)
        node = self._graph.nodes[name]
        for pattern, draw in self._several.get(node.op, ()):
            found = match(self._graph, pattern, name)
            if found and (step := draw(found)):
                return step
        if node.op not in self._single:
            raise ExportError(f"{name} is a {node.op}, which is not translated here")
        return self._single[node.op](node)

    @cached_property
    def _several(
        self,
    ) -> dict[str, list[tuple[patterns.Pattern, Callable[[dict[str, str]], Step | None]]]]:
        """Patterns by the operation that ends them, and what draws them."""
        return {
            "AddV2": [(patterns.LAYER_NORM, self._layer_norm)],
            "Mul": [(patterns.GELU, self._plain("Gelu", approximate="tanh"))],
            "Maximum": [(patterns.RELU, self._plain("Relu"))],
            "RealDiv": [(patterns.MEAN, self._mean)],
            "Reciprocal": [(patterns.SIGMOID, self._plain("Sigmoid"))],
            "SelectV2": [(patterns.LEAKY_RELU, self._leaky_relu)],
            "Transpose": [(patterns.MIXING, self._mixing)],
        }

    @cached_property
    def _single(self) -> dict[str, Callable[[Node], Step]]:
        return {
            **dict.fromkeys(_PLACES, self._layer),
            **dict.fromkeys(_SAME_NAMES, self._arithmetic),
            "AddV2": self._sum,
            "BroadcastTo": self._passed_on,
            "Identity": self._passed_on,
            "ConcatV2": self._concat,
            "GatherV2": self._gather,
            "Reshape": self._reshape,
            "StridedSlice": self._slice,
            "Transpose": self._transpose,
        }

    def _fixed(self, name: str) -> Array:
        """Values that are the same for every size. Raises ExportError where they are not."""
        values = self._small.value(name)
        if not np.array_equal(values, self._large.value(name)):
            raise ExportError(f"{name} depends on the picture's size where it must not")
        return values

    def _plain(self, op: str, **attributes: Any) -> Callable[[dict[str, str]], Step]:
        return lambda found: (
            (found["x"],),
            lambda x: self._drawing.node(op, x, **attributes),
        )

    def _leaky_relu(self, found: dict[str, str]) -> Step:
        return self._plain("LeakyRelu", alpha=float(self._fixed(found["slope"]).item()))(found)

    def _mean(self, found: dict[str, str]) -> Step:
        axes = self._drawing.integers(*self._fixed(found["axes"]).ravel())
        return (found["x"],), lambda x: self._drawing.node("ReduceMean", x, axes, keepdims=1)

    def _layer_norm(self, found: dict[str, str]) -> Step:
        scale, bias = (
            self._drawing.constant(self._fixed(found[each]).ravel()) for each in ("scale", "bias")
        )
        epsilon = float(self._fixed(found["epsilon"]).item())
        return (found["x"],), lambda x: self._drawing.node(
            "LayerNormalization", x, scale, bias, axis=-1, epsilon=epsilon
        )

    def _mixing(self, found: dict[str, str]) -> Step | None:
        """A dense layer over another axis than the last, which the graph swaps there and back."""
        there, back = (tuple(self._fixed(found[each])) for each in ("there", "back"))
        if there != back or there not in MIXED or found["weights"] in self._graph.of_pixels:
            return None
        weights, bias = self._fixed(found["weights"]), self._fixed(found["bias"]).ravel()
        return (found["x"],), lambda x: draw_mixing(self._drawing, there, weights, bias, x)

    def _sum(self, node: Node) -> Step:
        """A layer with its bias, or the sum of two pictures."""
        for layer, bias in (node.inputs, node.inputs[::-1]):
            is_layer = self._graph.nodes[layer].op in _PLACES and layer in self._graph.of_pixels
            if is_layer and bias not in self._graph.of_pixels:
                return self._layer(self._graph.nodes[layer], bias)
        return self._arithmetic(node)

    def _layer(self, node: Node, bias: str = "") -> Step:
        """A convolution or a dense layer; a change of size before it is drawn with it."""
        x, weights = (node.inputs[place] for place in _PLACES[node.op])
        values = self._fixed(weights)
        added = self._drawing.constant(self._fixed(bias).ravel()) if bias else ""

        def draw(x: str) -> str:
            return draw_linear(self._drawing, node, values, x, added)

        resized = match(self._graph, patterns.RESIZING, x)
        if resized is None or resized["rows"] in self._graph.of_pixels:
            return (x,), draw
        return (resized["x"],), self._resized(resized, values.shape, draw)

    def _resized(
        self, found: dict[str, str], shape: tuple[int, ...], draw: Callable[[str], str]
    ) -> Callable[[str], str]:
        """A 1x1 layer of a picture that is changed in size; a larger one is made last.

        Both orders give the same, since the weights of a change of size sum to one.
        """
        (before, after), (large, _) = (
            at.value(found["rows"]).shape for at in (self._small, self._large)
        )
        wide, larger = (at.value(found["columns"]).shape[0] for at in (self._small, self._large))
        if shape[:2] != (1, 1) or max(before, after) % min(before, after):
            raise ExportError(
                f"{found['rows']} changes a size in a way that is not translated here"
            )
        if after > before:
            return lambda x: draw_enlarged(self._drawing, draw(x), after // before)
        area = self._drawing.shape((1, 1, before, wide), (1, 1, large, larger))
        return lambda x: draw(draw_reduced(self._drawing, x, before // after, shape[-2], area))

    def _arithmetic(self, node: Node) -> Step:
        op = _SAME_NAMES[node.op]
        return node.inputs, lambda *inputs: self._drawing.node(op, *inputs)

    def _passed_on(self, node: Node) -> Step:
        """What changes nothing: in these graphs a BroadcastTo only states a shape."""
        return node.inputs[:1], lambda x: x

    def _transpose(self, node: Node) -> Step:
        order = [int(each) for each in self._fixed(node.inputs[1])]
        return node.inputs[:1], lambda x: self._drawing.node("Transpose", x, perm=order)

    def _reshape(self, node: Node) -> Step:
        small, large = (at.value(node.inputs[1]) for at in (self._small, self._large))
        shape = self._drawing.shape(small.tolist(), large.tolist())
        return node.inputs[:1], lambda x: self._drawing.node("Reshape", x, shape)

    def _concat(self, node: Node) -> Step:
        *parts, axis = node.inputs
        place = int(self._fixed(axis))
        return tuple(parts), lambda *each: self._drawing.node("Concat", *each, axis=place)

    def _slice(self, node: Node) -> Step:
        """A part of the channels."""
        begin, end, step = (self._small.value(each) for each in node.inputs[1:])
        if begin[:-1].any() or (step != 1).any():
            raise ExportError(f"{node.name} cuts more than channels, which is not translated here")
        return node.inputs[:1], lambda x: self._cut(x, begin[-1], end[-1], -1, 1)

    def _gather(self, node: Node) -> Step:
        """Rows or columns at equal distances."""
        picked, axis = self._small.value(node.inputs[1]).ravel(), self._fixed(node.inputs[2])
        first, step = int(picked[0]), int(picked[1] - picked[0])
        if (np.diff(picked) != step).any() or step < 1:
            raise ExportError(f"{node.name} picks rows unevenly, which is not translated here")
        return node.inputs[:1], lambda x: self._cut(x, first, _END, int(axis), step)

    def _cut(self, x: str, *numbers: int) -> str:
        """From a first to a last index, along an axis, in steps."""
        listed = (self._drawing.integers(int(each)) for each in numbers)
        return self._drawing.node("Slice", x, *listed)

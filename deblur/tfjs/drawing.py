"""Drawing an ONNX graph: nodes, constants, and shapes that follow the picture's size."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from deblur.tfjs.graph import Array
from deblur.tfjs.sizes import growth

_OPSET, _IR_VERSION = 20, 9
_HALVED_FROM = 64
"""Constants of this many values or more are kept at fp16, and cast back: half the file."""
PICTURE, RESTORED = "blurred", "restored"
_SHAPE: Sequence[str | int] = ("N", 3, "height", "width")


class Drawing:
    """An ONNX graph while it grows. Names of values are what `node` and `constant` give."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._casts: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._names: dict[tuple[Any, ...], str] = {}
        self._used: Counter[str] = Counter()

    def node(self, op: str, *inputs: str, to: str | None = None, **attributes: Any) -> str:
        """Add an operation, and give its output's name: `to`, or a fresh one."""
        output = to or self._fresh(op)
        self._nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, values: Array) -> str:
        """The name of an array; equal ones share it."""
        values = np.ascontiguousarray(values).reshape(values.shape)
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._names:
            self._names[key] = name = self._fresh("constant")
            if values.dtype == np.float32 and values.size >= _HALVED_FROM:
                half = f"{name}_half"
                cast = helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT)
                self._casts.append(cast)
                name, values = half, values.astype(np.float16)
            self._constants.append(numpy_helper.from_array(values, name))
        return self._names[key]

    def integers(self, *numbers: int) -> str:
        """The name of a list of whole numbers."""
        return self.constant(np.array(numbers, np.int64))

    def shape(self, small: Sequence[int], large: Sequence[int]) -> str:
        """The name of a shape, told by what it is at two sizes of the picture (see `growth`)."""
        lengths = tuple(growth(*pair) for pair in zip(small, large, strict=True))
        if not any(kind for kind, _ in lengths):
            return self.integers(*small)
        return self._once(
            ("shape", *lengths),
            lambda: self.node("Concat", *(self._length(*each) for each in lengths), axis=0),
        )

    def model(self, name: str) -> onnx.ModelProto:
        """The whole, from PICTURE to RESTORED, both float32 (N, 3, height, width)."""
        picture, restored = (
            helper.make_tensor_value_info(each, TensorProto.FLOAT, _SHAPE)
            for each in (PICTURE, RESTORED)
        )
        nodes = [*self._casts, *self._nodes]
        graph = helper.make_graph(nodes, name, [picture], [restored], self._constants)
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)

    def _length(self, kind: str, parts: int) -> str:
        if not kind:
            return self.integers(parts)
        return self._once(
            ("length", kind, parts),
            lambda: self.node("Div", self._side(kind), self.integers(parts)),
        )

    def _side(self, kind: str) -> str:
        """The picture's height, width or area, as a list of one number."""
        if kind == "area":
            sides = self._side("height"), self._side("width")
            return self._once((kind,), lambda: self.node("Mul", *sides))
        axis = {"height": 2, "width": 3}[kind]
        return self._once((kind,), lambda: self.node("Shape", PICTURE, start=axis, end=axis + 1))

    def _once(self, key: tuple[Any, ...], draw: Any) -> str:
        if key not in self._names:
            self._names[key] = draw()
        return self._names[key]

    def _fresh(self, word: str) -> str:
        self._used[word] += 1
        return f"{word}_{self._used[word]}"

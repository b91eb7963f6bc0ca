"""Convolutions, dense layers and changes of size: how each is drawn in ONNX."""

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto, helper

from deblur.errors import ExportError
from deblur.tfjs.drawing import Drawing
from deblur.tfjs.graph import Array, Node

CHANNELS_FIRST, CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
MIXED = _SECOND, _THIRD = (0, 3, 2, 1), (0, 1, 3, 2)
"""Orders of axes that swap the last with another, over which a dense layer then sums."""
_POINTWISE = (1, 1)
_OVER_CHANNELS = "abcg,gf->abcf"


def draw_linear(drawing: Drawing, node: Node, weights: Array, x: str, bias: str) -> str:
    """A Conv2D, its transpose or an Einsum over the channels, from (N, h, w, C) to the same.

    `bias` is a constant's name, "" for none. Raises ExportError for what is drawn otherwise.
    """
    if node.op == "Einsum":
        if (equation := node.text("equation")) != _OVER_CHANNELS:
            raise ExportError(f"{node.name} sums by {equation}; known is {_OVER_CHANNELS}")
        return _draw_dense(drawing, weights, x, bias)
    side, stride = weights.shape[:2], node.numbers("strides")[1:3]
    if node.text("data_format") != "NHWC" or set(node.numbers("dilations")) != {1}:
        raise ExportError(f"{node.name} is a convolution with dilations, or of another order")
    if node.op == "Conv2D" and side == _POINTWISE and stride == (1, 1):
        return _draw_dense(drawing, weights[0, 0], x, bias)
    return _draw_convolution(drawing, node, weights, x, bias)


def _draw_dense(drawing: Drawing, weights: Array, x: str, bias: str) -> str:
    product = drawing.node("MatMul", x, drawing.constant(weights))
    return drawing.node("Add", product, bias) if bias else product


def _draw_convolution(drawing: Drawing, node: Node, weights: Array, x: str, bias: str) -> str:
    side, stride = weights.shape[:2], node.numbers("strides")[1:3]
    pads = _pads(node, side, stride)
    first = drawing.node("Transpose", x, perm=CHANNELS_FIRST)
    filters = drawing.constant(weights.transpose(3, 2, 0, 1))
    op = "Conv" if node.op == "Conv2D" else "ConvTranspose"
    inputs = [first, filters, *([bias] if bias else [])]
    made = drawing.node(op, *inputs, kernel_shape=side, strides=stride, pads=pads)
    return drawing.node("Transpose", made, perm=CHANNELS_LAST)


def _pads(node: Node, side: Sequence[int], stride: Sequence[int]) -> list[int]:
    """What is added above, left, below and right; for SAME, of pictures that the stride divides."""
    if node.text("padding") == "VALID":
        return [0, 0, 0, 0]
    if node.text("padding") != "SAME" or node.op != "Conv2D":
        raise ExportError(f"{node.name} pads by {node.text('padding')}, which is not known here")
    total = [max(each - step, 0) for each, step in zip(side, stride, strict=True)]
    return [each // 2 for each in total] + [each - each // 2 for each in total]


def draw_mixing(
    drawing: Drawing, swapped: tuple[int, ...], weights: Array, bias: Array, x: str
) -> str:
    """A dense layer over the second axis or the third, told by how it is swapped with the last."""
    mixed, added = drawing.constant(weights.T), drawing.constant(bias[:, None])
    if swapped == _THIRD:
        return drawing.node("Add", drawing.node("MatMul", mixed, x), added)
    rows = drawing.node("Reshape", x, drawing.integers(len(bias), -1))
    total = drawing.node("Add", drawing.node("MatMul", mixed, rows), added)
    return drawing.node("Reshape", total, drawing.node("Shape", x))


def draw_enlarged(drawing: Drawing, x: str, factor: int) -> str:
    """Bilinearly from (N, h, w, C) to `factor` times the height and width."""
    scales = drawing.constant(np.array([1, 1, factor, factor], np.float32))
    first = drawing.node("Transpose", x, perm=CHANNELS_FIRST)
    half_pixel = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    larger = drawing.node("Resize", first, "", scales, **half_pixel)
    return drawing.node("Transpose", larger, perm=CHANNELS_LAST)


def draw_reduced(drawing: Drawing, x: str, factor: int, channels: int, area: str) -> str:
    """From (N, h, w, C) to a `factor`-th of the height and width.

    Each pixel is a mean of those around it, weighted by a triangle; at the borders, of those that
    are there. `area` names the shape (1, 1, h, w).
    """
    ones = helper.make_tensor("value", TensorProto.FLOAT, [1], [1])
    whole = drawing.node("ConstantOfShape", area, value=ones)
    share = _filtered(drawing, whole, factor, 1)
    first = drawing.node("Transpose", x, perm=CHANNELS_FIRST)
    smaller = drawing.node("Div", _filtered(drawing, first, factor, channels), share)
    return drawing.node("Transpose", smaller, perm=CHANNELS_LAST)


def _filtered(drawing: Drawing, first: str, factor: int, channels: int) -> str:
    rising = np.arange(0.5, factor) / factor**2
    triangle = np.concatenate([rising, rising[::-1]])
    kernel = np.broadcast_to(np.outer(triangle, triangle), (channels, 1, *2 * triangle.shape))
    return drawing.node(
        "Conv",
        first,
        drawing.constant(kernel.astype(np.float32)),
        kernel_shape=kernel.shape[2:],
        strides=[factor, factor],
        pads=[factor // 2] * 4,
        group=channels,
    )

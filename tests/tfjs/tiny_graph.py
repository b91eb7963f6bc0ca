"""A small network in TensorFlow.js's form, and what it gives by the words of its own graph."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
CHANNELS = 8
_KINDS = {"float32": "DT_FLOAT", "int32": "DT_INT32"}


class GraphWriter:
    """Nodes and constants as TensorFlow.js writes them: `files` gives model.json and a shard."""

    def __init__(self, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[dict[str, Any]] = []
        self.constants: dict[str, Array] = {}
        self.x = self.add("Placeholder", name="xs_0")

    def add(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        name = name or f"part/{op}_{len(self.nodes)}"
        node = {"name": name, "op": op, "input": list(inputs), "attr": attributes}
        self.nodes.append(node)
        return name

    def constant(self, values: Any, dtype: type = np.float32) -> str:
        array = np.asarray(values, dtype)
        name = self.add("Const", dtype={"type": _KINDS[array.dtype.name]})
        self.constants[name] = array
        return name

    def integers(self, *numbers: int) -> str:
        return self.constant(numbers, np.int32)

    def weights(self, *shape: int) -> str:
        return self.constant(self.random.normal(0, 0.3, shape))

    def files(self, result: str) -> dict[str, bytes]:
        made = self.add("Identity", result, name="Identity")
        manifest = [
            {"name": name, "shape": list(values.shape), "dtype": values.dtype.name}
            for name, values in self.constants.items()
        ]
        content = b"".join(values.tobytes() for values in self.constants.values())
        half = len(content) // 2
        model = {
            "signature": {
                "inputs": {"xs_0": {"name": f"{self.x}:0"}},
                "outputs": {"output_0": {"name": f"{made}:0"}},
            },
            "modelTopology": {"node": self.nodes},
            "weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": manifest}],
        }
        text = json.dumps(model).encode()
        return {"a.bin": content[:half], "b.bin": content[half:], "model.json": text}

    # --- sizes -----------------------------------------------------------------------------

    def side(self, axis: int, parts: int = 1) -> str:
        """The height (1) or width (2) of the picture, or a part of it."""
        ends = (self.integers(axis), self.integers(axis + 1), self.integers(1))
        shape = self.add("Shape", self.x)
        side = self.add("StridedSlice", shape, *ends, shrink_axis_mask={"i": "1"})
        return self.add("FloorDiv", side, self.constant(parts, np.int32))

    def pack(self, *numbers: str | int) -> str:
        each = (self.constant(n, np.int32) if isinstance(n, int) else n for n in numbers)
        return self.add("Pack", *each, axis={"i": "0"})

    def number(self, side: str) -> str:
        return self.add("Cast", side, DstT={"type": "DT_FLOAT"})

    # --- layers ----------------------------------------------------------------------------

    def conv(self, x: str, side: int, made: int, given: int, stride: int = 1) -> str:
        settings = convolution("SAME" if side > 1 else "VALID", stride)
        y = self.add("Conv2D", x, self.weights(side, side, given, made), **settings)
        return self.add("AddV2", y, self.weights(1, 1, 1, made))

    def spread(self, x: str) -> str:
        """A transposed convolution, twice the size."""
        settings, filters = convolution("VALID", 2), self.weights(2, 2, CHANNELS, CHANNELS)
        size = self.pack(1, self.side(1), self.side(2), CHANNELS)
        return self.add("Conv2DBackpropInput", size, filters, x, **settings)

    def dense(self, x: str, given: int, made: int, bias: bool = True) -> str:
        y = self.add("Einsum", x, self.weights(given, made), equation=text("abcg,gf->abcf"))
        return self.add("AddV2", y, self.weights(1, 1, 1, made)) if bias else y

    def layer_norm(self, x: str, shape: str) -> str:
        share, last = self.constant(1 / CHANNELS), self.integers(3)
        total = self.add("Sum", x, last, keep_dims={"b": False})
        mean = self.add("Mul", total, share)
        squares = self.add("Sum", self.add("Square", x), self.integers(3), keep_dims={"b": False})
        spread = self.add("Sub", self.add("Mul", squares, share), self.add("Square", mean))
        variance = self.add("Reshape", self.add("Maximum", self.constant(0.0), spread), shape)
        root = self.add("Rsqrt", self.add("AddV2", variance, self.constant(1e-6)))
        scaled = self.add("Mul", root, self.weights(1, 1, 1, CHANNELS))
        centred = self.add("Sub", x, self.add("Reshape", mean, shape))
        product = self.add("Mul", centred, scaled)
        return self.add("AddV2", product, self.weights(1, 1, 1, CHANNELS))

    def gelu(self, x: str) -> str:
        cube = self.add("Mul", self.constant(0.044715), x)
        cube = self.add("Mul", cube, self.add("Square", x))
        inner = self.add("AddV2", x, cube)
        curve = self.add("Tanh", self.add("Mul", self.constant((2 / np.pi) ** 0.5), inner))
        half = self.add("Mul", self.constant(0.5), x)
        return self.add("Mul", half, self.add("AddV2", self.constant(1.0), curve))

    def leaky_relu(self, x: str) -> str:
        above = self.add("GreaterEqual", x, self.constant(0.0))
        return self.add("SelectV2", above, x, self.add("Mul", self.constant(0.2), x))

    def attention(self, x: str) -> str:
        """Every channel times a share that its mean over the picture decides."""
        count = self.number(self.add("Mul", self.side(1), self.side(2)))
        total = self.add("Sum", x, self.integers(1, 2), keep_dims={"b": False})
        total = self.add("Reshape", total, self.pack(1, 1, 1, CHANNELS))
        total = self.add("BroadcastTo", total, self.pack(1, 1, 1, CHANNELS))
        hidden = self.conv(self.add("RealDiv", total, count), 1, 4, CHANNELS)
        hidden = self.conv(self.add("Maximum", hidden, self.constant(0.0)), 1, CHANNELS, 4)
        exponential = self.add("Exp", self.add("Neg", hidden))
        share = self.add("Reciprocal", self.add("AddV2", self.constant(1.0), exponential))
        return self.add("Mul", x, share)

    def mixed(self, x: str, inner: int, order: tuple[int, ...]) -> str:
        """A dense layer over blocks (order 0 1 3 2) or over a grid (0 3 2 1) of inner x inner."""
        rows, columns = self.side(1, inner), self.side(2, inner)
        blocks = order == (0, 1, 3, 2)
        apart = (rows, inner, columns, inner) if blocks else (inner, rows, inner, columns)
        many = self.add("Mul", rows, columns)
        pair = (many, inner**2) if blocks else (inner**2, many)
        there = self.integers(0, 1, 3, 2, 4, 5)
        parts = self.add("Reshape", x, self.pack(1, *apart, CHANNELS))
        parts = self.add("Transpose", parts, there)
        listed = self.add("Reshape", parts, self.pack(1, *pair, CHANNELS))
        swapped = self.add("Transpose", listed, self.integers(*order))
        swapped = self.dense(swapped, inner**2, inner**2)
        listed = self.add("Transpose", swapped, self.integers(*order))
        swapped_sides = (apart[0], apart[2], apart[1], apart[3])
        parts = self.add("Reshape", listed, self.pack(1, *swapped_sides, CHANNELS))
        parts = self.add("Transpose", parts, there)
        return self.add("Reshape", parts, self.pack(1, self.side(1), self.side(2), CHANNELS))

    def resized(self, x: str, given: int, made: int) -> str:
        """From a `given`-th of the picture's size to a `made`-th, bilinearly; no 1x1 layer yet."""
        rows, columns = (self.resizing(axis, given, made) for axis in (1, 2))
        y = self.add("Einsum", rows, x, equation=text("gb,cgef->bcef"))
        y = self.add("Einsum", y, columns, equation=text("abgd,gf->abdf"))
        return self.add("Transpose", y, self.integers(1, 0, 3, 2))

    def resizing(self, axis: int, given: int, made: int) -> str:
        """The matrix (from, to) of weights, as a triangle that is as wide as the larger step."""
        one, zero, half = self.constant(1.0), self.constant(0.0), self.constant(0.5)
        ratio, step = self.constant(made / given), self.constant(max(made / given, 1))
        before, after = self.count(axis, given), self.count(axis, made)
        centres = self.add("Mul", self.add("AddV2", after, half), ratio)
        centres = self.add("Sub", centres, half)
        column = self.add("ExpandDims", before, self.constant(1, np.int32))
        far = self.add("RealDiv", self.add("Abs", self.add("Sub", column, centres)), step)
        triangle = self.add("Maximum", zero, self.add("Sub", one, far))
        total = self.add("Sum", triangle, self.integers(0), keep_dims={"b": True})
        return self.add("RealDiv", triangle, total)

    def count(self, axis: int, parts: int) -> str:
        ends = (self.constant(0, np.int32), self.side(axis, parts), self.constant(1, np.int32))
        return self.number(self.add("Range", *ends))

    def every_second(self, x: str, axis: int) -> str:
        ends = (self.constant(1, np.int32), self.side(axis), self.constant(2, np.int32))
        return self.add("GatherV2", x, self.add("Range", *ends), self.constant(axis, np.int32))


def text(words: str) -> dict[str, str]:
    return {"s": base64.b64encode(words.encode()).decode()}


def convolution(padding: str, stride: int) -> dict[str, Any]:
    strides = {"list": {"i": ["1", str(stride), str(stride), "1"]}}
    return {
        "padding": text(padding),
        "data_format": text("NHWC"),
        "strides": strides,
        "dilations": {"list": {"i": ["1", "1", "1", "1"]}},
    }


def tiny_network(seed: int = 0) -> dict[str, bytes]:
    """The files of a network that has every kind of layer once, or in both directions."""
    write = GraphWriter(seed)
    x = write.conv(write.x, 3, CHANNELS, 3)
    x = write.layer_norm(x, write.pack(1, write.side(1), write.side(2), 1))
    x = write.gelu(write.dense(x, CHANNELS, CHANNELS))
    for order in ((0, 1, 3, 2), (0, 3, 2, 1)):
        x = write.add("AddV2", x, write.mixed(x, 4, order))
    low = write.leaky_relu(write.conv(x, 4, CHANNELS, CHANNELS, stride=2))
    up = write.conv(write.resized(low, 2, 1), 1, CHANNELS, CHANNELS)
    down = write.conv(write.resized(x, 1, 4), 1, CHANNELS, CHANNELS)
    down = write.conv(write.resized(down, 4, 1), 1, CHANNELS, CHANNELS)
    small = write.every_second(write.every_second(write.x, 1), 2)
    small = write.add("AddV2", write.conv(small, 1, CHANNELS, 3), low)
    joined = write.add("ConcatV2", up, down, write.spread(small), write.constant(3, np.int32))
    cut = (write.integers(0, 0, 0, 4), write.pack(1, write.side(1), write.side(2), 12))
    part = write.add("StridedSlice", joined, *cut, write.integers(1, 1, 1, 1))
    x = write.attention(write.dense(part, CHANNELS, CHANNELS, bias=False))
    return write.files(write.add("AddV2", write.conv(x, 3, 3, CHANNELS), write.x))


# --- what a graph gives, by the words of its nodes -------------------------------------------


def evaluate(files: dict[str, bytes], picture: Array) -> Array:
    """What a network gives for a picture (1, h, w, 3), one node at a time."""
    model = json.loads(files["model.json"])
    content, offset, values = files["a.bin"] + files["b.bin"], 0, dict[str, Array]()
    for told in model["weightsManifest"][0]["weights"]:
        count = int(np.prod(told["shape"]))
        array = np.frombuffer(content, told["dtype"], count, offset)
        values[told["name"]] = array.reshape(told["shape"])
        offset += array.nbytes
    for node in model["modelTopology"]["node"]:
        if node["op"] == "Placeholder":
            values[node["name"]] = picture
        elif node["op"] != "Const":
            given = [values[name] for name in node["input"]]
            values[node["name"]] = np.asarray(_OPS[node["op"]](node["attr"], *given))
    return values["Identity"]


def _sum(told: Any, x: Array, axes: Array) -> Array:
    return np.asarray(x.sum(tuple(axes), keepdims=told["keep_dims"]["b"]))


def _slice(told: Any, x: Array, begin: Array, end: Array, step: Array) -> Array:
    cut = x[tuple(slice(*each) for each in zip(begin, end, step, strict=True))]
    return cut[0] if "shrink_axis_mask" in told else cut


def _conv(told: Any, x: Array, filters: Array) -> Array:
    stride = int(told["strides"]["list"]["i"][1])
    same = base64.b64decode(told["padding"]["s"]) == b"SAME"
    side = len(filters)
    missing = side - stride if same else 0
    pad = (missing // 2, missing - missing // 2)
    padded = np.pad(x, ((0, 0), pad, pad, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), (1, 2))
    return np.einsum("nhwcij,ijcf->nhwf", windows[:, ::stride, ::stride], filters)


def _spread(told: Any, size: Array, filters: Array, x: Array) -> Array:
    made = np.einsum("nhwc,ijfc->nhiwjf", x, filters)
    return made.reshape(size)


def _einsum(told: Any, *given: Array) -> Array:
    return np.asarray(np.einsum(base64.b64decode(told["equation"]["s"]).decode(), *given))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda told, *given: function(*given)


def _joined(told: Any, *given: Array) -> Array:
    parts: Sequence[Array] = given[:-1]
    return np.concatenate(parts, int(given[-1]))


_OPS: dict[str, Callable[..., Any]] = {
    "Abs": _plain(np.abs),
    "AddV2": _plain(np.add),
    "BroadcastTo": _plain(np.broadcast_to),
    "Cast": lambda told, x: x.astype(np.float32),
    "ConcatV2": _joined,
    "Conv2D": _conv,
    "Conv2DBackpropInput": _spread,
    "Einsum": _einsum,
    "Exp": _plain(np.exp),
    "ExpandDims": _plain(lambda x, axis: np.expand_dims(x, int(axis))),
    "FloorDiv": _plain(np.floor_divide),
    "GatherV2": _plain(lambda x, picked, axis: np.take(x, picked, int(axis))),
    "GreaterEqual": _plain(np.greater_equal),
    "Identity": _plain(lambda x: x),
    "Maximum": _plain(np.maximum),
    "Mul": _plain(np.multiply),
    "Neg": _plain(np.negative),
    "Pack": _plain(lambda *each: np.stack(each)),
    "Range": _plain(np.arange),
    "RealDiv": _plain(np.divide),
    "Reciprocal": _plain(np.reciprocal),
    "Reshape": _plain(np.reshape),
    "Rsqrt": _plain(lambda x: 1 / np.sqrt(x)),
    "SelectV2": _plain(np.where),
    "Shape": _plain(lambda x: np.array(x.shape, np.int32)),
    "Square": _plain(np.square),
    "StridedSlice": _slice,
    "Sub": _plain(np.subtract),
    "Sum": _sum,
    "Tanh": _plain(np.tanh),
    "Transpose": _plain(np.transpose),
}

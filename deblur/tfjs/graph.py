"""Reading a TensorFlow.js graph model: `model.json` and the shards of weights that it names."""

import base64
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deblur.errors import WeightsCorruptError

Array = NDArray[Any]
_DTYPES = {"float32": np.dtype("<f4"), "int32": np.dtype("<i4"), "bool": np.dtype("?")}


@dataclass(frozen=True)
class Node:
    """One operation: what it is called, does, takes, and is set to."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def text(self, name: str) -> str:
        """An attribute that is a text."""
        return base64.b64decode(self.attributes[name]["s"]).decode()

    def number(self, name: str) -> int:
        """An attribute that is a whole number or a yes; 0 where it is not set."""
        return int(self.attributes.get(name, {}).get("i", self._flag(name)))

    def numbers(self, name: str) -> tuple[int, ...]:
        """An attribute that is a list of whole numbers."""
        return tuple(int(each) for each in self.attributes[name]["list"].get("i", ()))

    def type(self, name: str) -> str:
        """An attribute that is a type of numbers, as TensorFlow calls it."""
        return str(self.attributes[name]["type"])

    def _flag(self, name: str) -> bool:
        return bool(self.attributes.get(name, {}).get("b", False))


@dataclass(frozen=True)
class Graph:
    """Nodes and constants by name; a picture (N, height, width, 3) enters at `source`."""

    nodes: Mapping[str, Node]
    constants: Mapping[str, Array]
    source: str
    result: str

    @cached_property
    def of_pixels(self) -> frozenset[str]:
        """The nodes whose values depend on the picture's pixels, and not on its size alone."""
        readers = defaultdict[str, list[str]](list)
        for node in self.nodes.values():
            if node.op != "Shape":
                for name in node.inputs:
                    readers[name].append(node.name)
        found, waiting = {self.source}, [self.source]
        while waiting:
            fresh = set(readers[waiting.pop()]) - found
            found |= fresh
            waiting += fresh
        return frozenset(found)


def read_graph(files: Mapping[str, bytes]) -> Graph:
    """The graph of a model whose files are given by name: `model.json`, and its shards.

    Raises WeightsCorruptError when they are not a graph model, or not all of it.
    """
    try:
        model = json.loads(files["model.json"])
        nodes = {each.name: each for each in map(_node, model["modelTopology"]["node"])}
        (given,), (made,) = (model["signature"][each].values() for each in ("inputs", "outputs"))
        weights = dict(_weights(files, model["weightsManifest"]))
        return Graph(nodes, weights, _bare(given["name"]), _bare(made["name"]))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsCorruptError(
            f"these files are no graph model of TensorFlow.js, or not all of it ({error!r}); "
            "expected model.json and the shards that it names"
        ) from error


def _node(told: Mapping[str, Any]) -> Node:
    inputs = tuple(_bare(each) for each in told.get("input", ()) if not each.startswith("^"))
    return Node(told["name"], told["op"], inputs, told.get("attr", {}))


def _bare(name: str) -> str:
    """A node's name, without the number of its output."""
    return name.partition(":")[0]


def _weights(
    files: Mapping[str, bytes], manifest: list[dict[str, Any]]
) -> Iterator[tuple[str, Array]]:
    for group in manifest:
        content, offset = b"".join(files[path] for path in group["paths"]), 0
        for told in group["weights"]:
            dtype, count = _DTYPES[told["dtype"]], math.prod(told["shape"])
            values = np.frombuffer(content, dtype, count, offset)
            yield told["name"], values.reshape(told["shape"])
            offset += values.nbytes
        if offset != len(content):
            raise ValueError(f"{len(content):,} bytes of weights, {offset:,} expected")

"""A graph of TensorFlow.js and the ONNX that is made of it give the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from deblur.errors import ExportError, WeightsCorruptError
from deblur.onnx_file import open_session
from deblur.tfjs import read_graph, translate
from tests.tfjs.tiny_graph import CHANNELS, GraphWriter, convolution, evaluate, text, tiny_network


def run(model: onnx.ModelProto, picture: np.ndarray, folder: Path) -> np.ndarray:
    path = folder / "made.onnx"
    onnx.save(model, path)
    session = open_session(path, threads=1)
    given = picture.transpose(0, 3, 1, 2)
    (made,) = session.run(None, {session.get_inputs()[0].name: given})
    return np.asarray(made).transpose(0, 2, 3, 1)


@pytest.fixture(scope="module")
def made() -> onnx.ModelProto:
    return translate(read_graph(tiny_network()), "tiny")


@pytest.mark.parametrize(("height", "width"), [(64, 64), (16, 40), (72, 24)])
def test_it_gives_what_the_graph_gives_at_any_size(
    made: onnx.ModelProto, tmp_path: Path, height: int, width: int
) -> None:
    picture = np.random.default_rng(1).random((1, height, width, 3), np.float32)
    expected = evaluate(tiny_network(), picture)
    assert np.abs(expected - picture).max() > 0.1
    assert np.abs(run(made, picture, tmp_path) - expected).max() < 2e-3 * np.abs(expected).max()


def test_it_is_sound_and_takes_pictures_with_channels_first(made: onnx.ModelProto) -> None:
    onnx.checker.check_model(made, full_check=True)
    for value in (made.graph.input[0], made.graph.output[0]):
        sides = value.type.tensor_type.shape.dim
        assert [side.dim_value or side.dim_param for side in sides] == ["N", 3, "height", "width"]


def test_what_belongs_together_becomes_one_operation(made: onnx.ModelProto) -> None:
    ops = {node.op_type for node in made.graph.node}
    assert {"LayerNormalization", "Gelu", "LeakyRelu", "Sigmoid", "Relu", "ReduceMean"} <= ops
    assert ops.isdisjoint({"Tanh", "Exp", "Sqrt", "Einsum", "Where"})


def test_the_same_graph_becomes_the_same_bytes(made: onnx.ModelProto) -> None:
    again = translate(read_graph(tiny_network()), "tiny")
    assert again.SerializeToString() == made.SerializeToString()


def test_weights_are_kept_at_half_the_size(made: onnx.ModelProto) -> None:
    large = [each for each in made.graph.initializer if np.prod(each.dims) >= 64]
    assert large
    assert {each.data_type for each in large} == {onnx.TensorProto.FLOAT16}


def unknown_operation(write: GraphWriter) -> str:
    return write.add("Cumsum", write.x, write.integers(1))


def unknown_sum(write: GraphWriter) -> str:
    return write.add("Einsum", write.x, write.weights(3, 3), equation=text("abgc,gf->abfc"))


def dilated(write: GraphWriter) -> str:
    settings = convolution("VALID", 1) | {"dilations": {"list": {"i": ["1", "2", "2", "1"]}}}
    return write.add("Conv2D", write.x, write.weights(3, 3, 3, 3), **settings)


def odd_size(write: GraphWriter) -> str:
    height = write.add("Mul", write.side(1), write.side(1))
    return write.add("Reshape", write.x, write.pack(1, height, write.side(2), 3))


def uneven_rows(write: GraphWriter) -> str:
    return write.add("GatherV2", write.x, write.integers(0, 1, 3), write.constant(1, np.int32))


def size_from_pixels(write: GraphWriter) -> str:
    return write.add("Reshape", write.x, write.add("Cast", write.x, DstT={"type": "DT_INT32"}))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (unknown_operation, "is a Cumsum, which is not translated here"),
        (unknown_sum, "sums by abgc,gf->abfc"),
        (dilated, "dilations"),
        (odd_size, "a length of 4096 became 16384"),
        (uneven_rows, "unevenly"),
        (size_from_pixels, "depends on pixels"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_is_not_known_is_named(layer: Callable[[GraphWriter], str], words: str) -> None:
    write = GraphWriter()
    with pytest.raises(ExportError, match=words.replace("+", r"\+")):
        translate(read_graph(write.files(layer(write))), "odd")


@pytest.mark.parametrize("damage", ["no model.json", "no shard", "half a shard", "no JSON", "text"])
def test_files_that_are_no_whole_model_are_refused(damage: str) -> None:
    write = GraphWriter()
    files = write.files(write.conv(write.x, 1, CHANNELS, 3))
    if damage == "no model.json":
        del files["model.json"]
    elif damage == "no shard":
        del files["b.bin"]
    elif damage == "half a shard":
        files["b.bin"] += b"more"
    else:
        files["model.json"] = b"[]" if damage == "text" else b"\xff{"
    with pytest.raises(WeightsCorruptError, match=r"expected model\.json and the shards"):
        read_graph(files)

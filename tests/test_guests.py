"""Models that others made: bare ONNX files, and checkpoints of published architectures."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image
from safetensors.torch import save_file
from spandrel.architectures.Compact import Compact
from spandrel.architectures.NAFNet import NAFNet
from spandrel.architectures.SCUNet import SCUNet
from torch import nn

from deblur import guests
from deblur.catalog import CATALOG
from deblur.errors import (
    BackendUnavailableError,
    UndescribedModelError,
    UnknownModelError,
    WeightsCorruptError,
)
from deblur.image_io import decode_image
from deblur.restorer import Restorer
from deblur.weights import SPEC_KEY, find_model
from tests.loopback_hub import Hub
from tests.pictures import scene

BRIGHTER = 10.0


def brightening(
    path: Path,
    *,
    shape: tuple[Any, ...] = ("n", 3, "h", "w"),
    type: int = TensorProto.FLOAT,
    operator: str = "Add",
    metadata: dict[str, str] | None = None,
) -> Path:
    """A network that adds BRIGHTER to its input, or (`Resize`) doubles its size."""
    given, made = (helper.make_tensor_value_info(name, type, shape) for name in ("in", "out"))
    amount = helper.make_tensor("by", type, [1], [BRIGHTER])
    scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], [1, 1, 2, 2])
    inputs = {"Add": ["in", "by"], "Resize": ["in", "", "scales"]}[operator]
    node = helper.make_node(operator, inputs, ["out"])
    graph = helper.make_graph([node], "guest", [given], [made], [amount, scales])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return path


def say(path: Path, **rules: Any) -> None:
    path.with_suffix(".json").write_text(json.dumps(rules))


def restored(model: Path, folder: Path, **options: Any) -> np.ndarray[Any, Any]:
    """What the model makes of the file of `blurred()`."""
    Image.fromarray(blurred()).save(folder / "in.png")
    restorer = Restorer.open(str(model), device="cpu", **options)
    restorer.restore_file(folder / "in.png", folder / "out.png", overwrite=True)
    return decode_image(folder / "out.png").pixels


def blurred() -> np.ndarray[Any, Any]:
    return np.asarray(scene(150, 230))


@pytest.mark.parametrize("where", ["beside", "metadata"])
def test_a_bare_onnx_file_runs_by_the_rules_that_are_said(tmp_path: Path, where: str) -> None:
    rules = {"value_range": [0, 255], "size_multiple": 8, "licence": "MIT", "tile": 96, "halo": 8}
    told = {name: json.dumps(value) for name, value in rules.items()}
    path = brightening(tmp_path / "net.onnx", metadata=told if where == "metadata" else {"a": "b"})
    if where == "beside":
        say(path, **rules)
    spec = find_model(str(path))
    assert (spec.name, spec.architecture, spec.licence) == ("net", "onnx", "MIT")
    assert (spec.value_range, spec.size_multiple, spec.tiling.tile) == ((0, 255), 8, 96)
    assert spec.parameters is None
    expected = np.minimum(blurred().astype(int) + BRIGHTER, 255)
    assert np.array_equal(restored(path, tmp_path), expected)


def test_what_is_said_beside_a_file_wins(tmp_path: Path) -> None:
    path = brightening(tmp_path / "net.onnx", metadata={"value_range": "[0, 1]"})
    say(path, value_range=[-1, 1], transfer="linear")
    spec = find_model(str(path))
    assert (spec.value_range, spec.transfer) == ((-1, 1), "linear")


def test_a_file_that_does_not_say_its_range_is_asked_for_it(tmp_path: Path) -> None:
    path = brightening(tmp_path / "net.onnx")
    with pytest.raises(UndescribedModelError, match=r'write .*"value_range".* into net\.json'):
        find_model(str(path))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"value_rang": [0, 1]}, "value_rang .*known are title, value_range, transfer"),
        ({"value_range": [0, 1], "size_multiple": 0}, "size_multiple is not usable"),
        ({"value_range": [0, 1], "transfer": "log"}, "transfer is not usable"),
        ({"value_range": [1, 1]}, "does not say which pixel values"),
        ([1, 2], "holds no JSON object"),
    ],
)
def test_a_rule_that_is_none_is_named(tmp_path: Path, rules: Any, expected: str) -> None:
    path = brightening(tmp_path / "net.onnx")
    path.with_suffix(".json").write_text(json.dumps(rules))
    with pytest.raises(UndescribedModelError, match=expected):
        find_model(str(path))


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({"shape": ("n", 3, 64, 64)}, "with any height and width: export it with dynamic axes"),
        ({"shape": ("n", "h", "w")}, "expected one tensor"),
        ({"type": TensorProto.FLOAT16}, r"takes tensor\(float16\)"),
        ({"shape": ("n", 1, "h", "w")}, "does not run on a picture of"),
        ({"operator": "Resize"}, r"makes float32 \[1, 3, 128, 128\] of float32 \[1, 3, 64, 64\]"),
    ],
    ids=["fixed", "rank", "fp16", "grey", "larger"],
)
def test_a_network_that_does_not_fit_is_told_so(
    tmp_path: Path, graph: dict[str, Any], expected: str
) -> None:
    path = brightening(tmp_path / "net.onnx", **graph)
    say(path, value_range=[0, 1])
    with pytest.raises(UndescribedModelError, match=expected):
        find_model(str(path))


def test_a_file_that_takes_one_picture_at_a_time_gets_them_so(tmp_path: Path) -> None:
    path = brightening(tmp_path / "net.onnx", shape=(1, 3, "h", "w"))
    say(path, value_range=[0, 255])
    restorer = Restorer.open(str(path), device="cpu")
    batch = np.zeros((3, 3, 32, 32), np.float32)
    assert (restorer.network.backend.run(batch) == BRIGHTER).all()


def test_a_bare_file_on_the_hub_has_the_licence_of_its_repository(hub: Hub, tmp_path: Path) -> None:
    told = {"value_range": "[0, 255]"}
    content = brightening(tmp_path / "net.onnx", metadata=told).read_bytes()
    hub.add_repo("zoo/net").commit(
        {"a/net.onnx": content, "README.md": b"---\nlicense: mit\n---\n"}
    )
    spec = find_model("hf://zoo/net/a/net.onnx")
    assert (spec.name, spec.licence, spec.weights[0].repo) == ("net", "mit", "zoo/net")


# --- checkpoints -----------------------------------------------------------------------------


def nafnet() -> NAFNet:
    """A published architecture of tiny arguments, whose output is not its input."""
    torch.manual_seed(0)
    network = NAFNet(
        img_channel=3, width=4, middle_blk_num=1, enc_blk_nums=[1, 1], dec_blk_nums=[1, 1]
    )
    nn.init.normal_(network.ending.weight, std=0.02)
    return network.eval()


def checkpoint(path: Path, network: nn.Module) -> Path:
    weights = network.state_dict()
    if path.suffix == ".safetensors":
        save_file(weights, path)
    else:
        torch.save({"params": weights}, path)
    return path


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_published_checkpoint_loads_by_path_and_runs_tiled(tmp_path: Path, suffix: str) -> None:
    network = nafnet()
    path = checkpoint(tmp_path / f"mine{suffix}", network)
    spec = find_model(str(path))
    assert (spec.name, spec.title, spec.architecture) == ("mine", "NAFNet 4w", "spandrel/NAFNet")
    assert spec.parameters == sum(each.numel() for each in network.parameters())
    assert (spec.licence, spec.macs_per_megapixel) == ("not stated", None)
    assert Restorer.open(str(path), device="cpu").network.backend.name == "torch"
    pixels = torch.from_numpy(blurred()).permute(2, 0, 1)[None].float() / 255
    padded = nn.functional.pad(pixels, (0, 26, 0, 10), mode="replicate")
    with torch.inference_mode():
        direct = network(padded)[0, :, :150, :230].clamp(0, 1).permute(1, 2, 0).numpy() * 255
    say(path, tile=128, halo=24)
    tiled = Restorer.open(str(path), device="cpu")
    assert len(tiled.plan(150, 230)) > 2
    inner = restored(path, tmp_path).astype(int)[:120, :200]
    assert np.abs(inner - direct[:120, :200]).mean() < 4  # NAFNet pools over what it sees
    assert np.abs(inner - blurred()[:120, :200].astype(int)).mean() > 4
    report = tiled.restore_file(tmp_path / "in.png", tmp_path / "again.png")
    assert report.notes == ("NAFNet 4w, licence: not stated",)
    whole = restored(path, tmp_path, tile=0).astype(int)[:120, :200]
    assert np.abs(whole - direct[:120, :200]).mean() < 1


def test_the_size_rules_and_the_tiling_of_an_architecture_are_kept(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = checkpoint(tmp_path / "scunet.pth", SCUNet(config=[1] * 7, dim=64))
    assert find_model(str(path)).tiling.tile == 0
    restorer = Restorer.open(str(path), device="cpu")
    assert len(restorer.plan(3000, 2000)) == 1
    small = np.zeros((2, 3, 32, 32), np.float32)  # and it wants 40
    assert restorer.network.backend.run(small).shape == small.shape


@pytest.mark.parametrize("content", ["code", "half", "text", "tensor"])
def test_a_checkpoint_is_loaded_as_weights_only(tmp_path: Path, content: str) -> None:
    path = tmp_path / "net.pth"
    torch.save(nafnet() if content == "code" else torch.zeros(3), path)
    whole = path.read_bytes()
    if content in ("half", "text"):
        path.write_bytes(whole[: len(whole) // 2] if content == "half" else b"weights!")
    with pytest.raises(WeightsCorruptError, match=r"net\.pth (is damaged|holds Tensor)"):
        find_model(str(path))


def test_an_unknown_architecture_is_told_so(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "net.pth", nn.Linear(3, 3))
    with pytest.raises(UndescribedModelError, match="no architecture that spandrel knows"):
        find_model(str(path))


def test_a_network_for_something_else_is_told_so(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "net.pth", Compact(num_feat=4, num_conv=1, upscale=2))
    with pytest.raises(UndescribedModelError, match="for SR, of 3 to 3 channels at 2 times"):
        find_model(str(path))


def test_without_spandrel_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = checkpoint(tmp_path / "net.pth", nafnet())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BackendUnavailableError, match=r"pip install -e '\.\[checkpoints\]'"):
        find_model(str(path))


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"there is no file .*none\.pth"):
        find_model(str(tmp_path / "none.pth"))


def endless(path: Path, metadata: dict[str, str]) -> Path:
    """A network that adds nothing to its input, without an end."""
    flag = helper.make_tensor_value_info("go", TensorProto.BOOL, [])
    number = helper.make_tensor_value_info("number", TensorProto.INT64, [])
    kept, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ("n", 3, "h", "w"))
        for name in ("kept", "kept_on")
    )
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Identity", ["kept"], ["kept_on"]),
        ],
        "body",
        [number, flag, kept],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), made],
    )
    given, out = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ("n", 3, "h", "w"))
        for name in ("in", "out")
    )
    loop = helper.make_node("Loop", ["", "on", "in"], ["out"], body=body)
    on = helper.make_tensor("on", TensorProto.BOOL, [], [True])
    graph = helper.make_graph([loop], "guest", [given], [out], [on])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, metadata)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("described", [False, True])
def test_a_network_without_an_end_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, described: bool
) -> None:
    monkeypatch.setattr(guests, "TRIAL_SECONDS", 0.2)
    told = {SPEC_KEY: CATALOG["srcnn"].to_json()} if described else {"value_range": "[0, 1]"}
    with pytest.raises(UndescribedModelError, match="does not end"):
        find_model(str(endless(tmp_path / "net.onnx", told)))


def test_metadata_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = brightening(tmp_path / "net.onnx", metadata={"value_range": "[0, 1] PLACE"})
    path.write_bytes(path.read_bytes().replace(b"PLACE", b"\xff\xfe\xff\xfe\xff"))
    with pytest.raises(WeightsCorruptError, match="UTF-8"):
        find_model(str(path))


@pytest.mark.parametrize("where", ["beside", "metadata"])
def test_nested_rules_are_told(tmp_path: Path, where: str) -> None:
    nested = "[" * 100_000
    metadata = {"value_range": nested} if where == "metadata" else {}
    path = brightening(tmp_path / "net.onnx", metadata=metadata)
    if where == "beside":
        path.with_suffix(".json").write_text(nested)
    with pytest.raises(UndescribedModelError):
        find_model(str(path))


@pytest.mark.parametrize(
    "rules", [{"halo": -5}, {"size_multiple": 0}, {"tile": 10**9}, {"value_range": [0, 1e999]}]
)
def test_rules_have_bounds(tmp_path: Path, rules: dict[str, Any]) -> None:
    path = brightening(tmp_path / "net.onnx")
    say(path, **{"value_range": [0, 1], **rules})
    with pytest.raises(UndescribedModelError, match=next(iter(rules))):
        find_model(str(path))


@pytest.mark.parametrize(
    "place", ["../secret.bin", "{folder}/secret.bin", "sub/../../secret.bin", "link.bin"]
)
def test_weights_beside_a_file_stay_in_its_folder(tmp_path: Path, place: str) -> None:
    """ONNX Runtime's own check, which the lowest version that is allowed was tried for."""
    (tmp_path / "secret.bin").write_bytes(np.float32(BRIGHTER).tobytes())
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    path = brightening(folder / "net.onnx", metadata={"value_range": "[0, 1]"})
    model = onnx.load(path)
    (amount,) = (each for each in model.graph.initializer if each.name == "by")
    amount.ClearField("float_data")
    amount.data_location = TensorProto.EXTERNAL
    entry = amount.external_data.add()
    (folder / "inside.bin").write_bytes(np.float32(BRIGHTER).tobytes())
    entry.key, entry.value = "location", "inside.bin"
    path.write_bytes(model.SerializeToString())
    assert find_model(str(path)).name == "net"
    if place == "link.bin":
        (folder / place).symlink_to(tmp_path / "secret.bin")
    entry.value = place.format(folder=tmp_path)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(WeightsCorruptError):
        find_model(str(path))

"""From an fp32 file to one at int8 or fp16 that says how close it is."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from deblur.backends.onnx_backend import OnnxBackend
from deblur.catalog import CATALOG
from deblur.errors import BackendUnavailableError, ExportError, WeightsCorruptError
from deblur.networks import build_network
from deblur.onnx_file import PARITY_KEY, PRECISION_KEY, read_metadata
from deblur.publish import calibration
from deblur.publish import quantize as module
from deblur.publish.calibration import calibration_tiles
from deblur.publish.onnx_export import export
from deblur.publish.quantize import MIN_PARITY, Parity, quantize
from deblur.restorer import Restorer
from deblur.spec import Precision
from deblur.training.config import SourceConfig, TrainingConfig
from deblur.training.run.checkpoint import Checkpoint, save_checkpoint
from deblur.weights import fetch_weights, find_model
from tests.cli.command_line import deblur
from tests.pictures import photo, scene

TINY = replace(
    CATALOG["residual-unet-s"],
    name="tiny",
    arguments={"width": 8, "blocks": 1, "levels": 2, "stem": 2},
    size_multiple=4,
    parameters=1,
    weights=(),
)


def weights_of_tiny() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    weights = dict(build_network(TINY.architecture, TINY.arguments).state_dict())
    weights["head.weight"] *= 30
    return weights


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(2):
        Image.fromarray(scene(140, 270, seed=seed)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("full") / "tiny.onnx"
    export(TINY, weights_of_tiny(), path)
    return path


@pytest.fixture(scope="module")
def made(full: Path, photos: Path) -> dict[Precision, tuple[Path, Parity]]:
    """Both variants of one network, and what was measured of each."""
    found: dict[Precision, tuple[Path, Parity]] = {}
    for precision in MIN_PARITY:
        path = full.with_name(f"tiny_{precision}.onnx")
        found[precision] = path, quantize(TINY, full, path, photos, precision=precision)
    return found


@pytest.fixture(params=["int8", "fp16"])
def variant(
    request: pytest.FixtureRequest, made: dict[Precision, tuple[Path, Parity]]
) -> tuple[Precision, Path, Parity]:
    precision: Precision = request.param
    return precision, *made[precision]


def test_a_variant_answers_almost_as_the_network_does(
    variant: tuple[Precision, Path, Parity], full: Path
) -> None:
    precision, path, parity = variant
    batch = np.random.default_rng(0).random((2, 3, 24, 40), dtype=np.float32)
    given, expected = (OnnxBackend(each, device="cpu").run(batch) for each in (path, full))
    error = float(np.mean((given - expected) ** 2))
    assert error > 0
    assert -10 * np.log10(error) > MIN_PARITY[precision]
    assert MIN_PARITY[precision] <= parity.worst_db <= parity.psnr_db


def test_a_variant_says_what_it_is(variant: tuple[Precision, Path, Parity]) -> None:
    precision, path, parity = variant
    metadata = read_metadata(path)
    assert metadata[PRECISION_KEY] == precision
    assert Parity(**json.loads(metadata[PARITY_KEY])) == replace(
        parity, in_float=list(parity.in_float)
    )
    spec = find_model(str(path))
    assert replace(spec, weights=()) == replace(TINY, precisions=(precision,))


def test_naming_the_file_is_enough_and_the_report_says_what_ran(
    variant: tuple[Precision, Path, Parity], tmp_path: Path
) -> None:
    precision, path, _ = variant
    Image.fromarray(scene(24, 32)).save(tmp_path / "photo.png")
    restorer = Restorer.open(str(path))
    report = restorer.restore_file(tmp_path / "photo.png", tmp_path / "restored.png")
    assert report.precision == precision
    assert precision in report.summary()
    assert report.notes == ()


def test_input_and_output_stay_fp32(variant: tuple[Precision, Path, Parity]) -> None:
    graph = onnx.load(variant[1]).graph
    kinds = {each.type.tensor_type.elem_type for each in (*graph.input, *graph.output)}
    assert kinds == {onnx.TensorProto.FLOAT}


def test_int8_leaves_the_first_and_the_last_layer_in_float(
    made: dict[Precision, tuple[Path, Parity]],
) -> None:
    path, parity = made["int8"]
    graph = onnx.load(path).graph
    weights = {node.name: node.input[1] for node in graph.node if node.op_type == "Conv"}
    stored = {tensor.name for tensor in graph.initializer}
    in_float = [name for name, weight in weights.items() if weight in stored]
    assert in_float == [name for name in weights if name in parity.in_float]
    assert {next(iter(weights)), list(weights)[-1]} <= set(in_float)
    assert len(in_float) < len(weights)


def test_a_layer_that_cannot_bear_it_is_found_and_kept_in_float(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Huge weights for a channel that is always zero leave no steps for the others."""
    weights = weights_of_tiny()
    weights["encoders.0.0.first.weight"][0] = 0.0
    weights["encoders.0.0.first.bias"][0] = 0.0
    weights["encoders.0.0.second.weight"] *= 20
    weights["encoders.0.0.second.weight"][:, 0] = 100.0
    export(TINY, weights, tmp_path / "full.onnx")
    monkeypatch.setitem(module.MIN_PARITY, "int8", 0.0)
    files = tmp_path / "full.onnx", tmp_path / "int8.onnx"
    kept = quantize(TINY, *files, photos)
    monkeypatch.setattr(module, "MAX_FLOAT_LAYERS", 0)
    without = quantize(TINY, *files, photos)
    assert len(without.in_float) == 2
    assert set(without.in_float) < set(kept.in_float)
    assert kept.psnr_db > without.psnr_db + module.MIN_PARITY_GAIN


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_what_misses_its_tolerance_is_refused_with_both_figures(
    precision: Precision, full: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.MIN_PARITY, precision, 130.0)
    path = tmp_path / "variant.onnx"
    path.write_bytes(b"the last good one")
    with pytest.raises(ExportError, match=rf"at {precision} .* \d+\.\d dB .* 130 dB are expected"):
        quantize(TINY, full, path, photos, precision=precision)
    assert [each.name for each in tmp_path.iterdir()] == ["variant.onnx"]
    assert path.read_bytes() == b"the last good one"


def test_a_variant_in_which_nothing_is_rounded_is_refused(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MIN_PARITY_GAIN", -math.inf)
    srcnn = CATALOG["srcnn"]
    with pytest.raises(ExportError, match="all 3 layers of srcnn have to stay in float"):
        quantize(srcnn, fetch_weights(srcnn, ".onnx"), tmp_path / "int8.onnx", photos)
    assert not [*tmp_path.iterdir()]


def test_a_variant_of_a_variant_is_refused(
    made: dict[Precision, tuple[Path, Parity]], photos: Path, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match="is int8 already"):
        quantize(TINY, made["int8"][0], tmp_path / "again.onnx", photos, precision="fp16")


def test_photos_that_are_no_use_are_named(full: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"no folder .*nowhere.*--photos"):
        quantize(TINY, full, tmp_path / "x.onnx", tmp_path / "nowhere")
    Image.fromarray(scene(64, 64)).save(tmp_path / "small.png")
    with pytest.raises(ExportError, match="has 0 tiles of 128x128"):
        quantize(TINY, full, tmp_path / "x.onnx", tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ExportError, match=r"broken\.png cannot be calibrated with"):
        quantize(TINY, full, tmp_path / "x.onnx", tmp_path)


@pytest.mark.parametrize("name", CATALOG)
def test_every_model_has_tiles_to_calibrate_with(name: str, photos: Path) -> None:
    for tiles in calibration_tiles(photos, CATALOG[name]):
        assert [tile.shape for tile in tiles] == [(1, 3, 128, 128)] * 2


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_what_calibrates_and_what_measures_are_of_the_same_photos(
    tmp_path: Path, count: int
) -> None:
    for grey in range(count):
        Image.new("L", (512, 128), 10 * grey).save(tmp_path / f"{grey}.png")
    halves = calibration_tiles(tmp_path, TINY)
    seen = [sorted(round(float(tile.mean()) * 25.5) for tile in tiles) for tiles in halves]
    assert seen == [sorted([*range(count)] * 2)] * 2


def test_photos_of_one_tile_are_shared_out(tmp_path: Path) -> None:
    for grey in range(4):
        Image.new("L", (128, 128), 10 * grey).save(tmp_path / f"{grey}.png")
    assert [len(tiles) for tiles in calibration_tiles(tmp_path, TINY)] == [2, 2]


def test_few_tiles_of_many_photos_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MAX_TILES", 4)
    for seed in range(6):
        Image.fromarray(scene(300, 800, seed=seed)).save(tmp_path / f"{seed}.png")
    held: list[int] = []
    cut = calibration._tiles

    def counted(*arguments: Any) -> list[Any]:
        tiles = cut(*arguments)
        held.append(len(tiles))
        return tiles

    monkeypatch.setattr(calibration, "_tiles", counted)
    assert [len(tiles) for tiles in calibration_tiles(tmp_path, TINY)] == [2, 2]
    assert held == [8] * 2


def test_a_variant_does_not_replace_its_model(full: Path, photos: Path) -> None:
    with pytest.raises(ExportError, match="is the model itself"):
        quantize(TINY, full, full, photos)


def test_a_precision_that_nobody_knows_is_refused(full: Path, tmp_path: Path) -> None:
    model = onnx.load(full)
    onnx.helper.set_model_props(model, {PRECISION_KEY: "int3"})
    onnx.save(model, tmp_path / "odd.onnx")
    with pytest.raises(WeightsCorruptError, match="runs at 'int3'; known are fp32"):
        OnnxBackend(tmp_path / "odd.onnx", device="cpu")


def test_asking_a_file_for_what_it_is_not_says_how_to_get_it(
    full: Path, made: dict[Precision, tuple[Path, Parity]]
) -> None:
    with pytest.raises(BackendUnavailableError, match="deblur quantize tiny --precision int8"):
        Restorer.open(str(full), precision="int8")
    with pytest.raises(BackendUnavailableError, match="tiny runs at int8, not at fp32"):
        Restorer.open(str(made["int8"][0]), precision="fp32")


def test_values_out_of_range_are_no_reason_to_try_again_where_there_is_no_fp32(
    made: dict[Precision, tuple[Path, Parity]], monkeypatch: pytest.MonkeyPatch
) -> None:
    restorer = Restorer.open(str(made["int8"][0]))
    run = restorer.network.backend.run
    monkeypatch.setattr(restorer.network.backend, "run", lambda batch: run(batch) + 5)
    assert restorer.restore(photo(24, 32)).notes == ()


def test_the_command_says_how_close_and_how_it_was_made(
    full: Path, photos: Path, tmp_path: Path
) -> None:
    done = deblur("quantize", full, "-o", tmp_path / "int8.onnx", "--photos", photos)
    assert done.code == 0, done.err
    assert "int8 from fp32: " in done.out
    assert "in float: " in done.out
    assert all(f"calibration {method}: " in done.err for method in module.METHODS)
    restored = deblur(
        "restore", photos / "0.png", "-o", tmp_path, "--model", tmp_path / "int8.onnx"
    )
    assert ", int8)" in restored.out


def test_a_run_is_exported_at_fp16(tmp_path: Path, photos: Path) -> None:
    config = TrainingConfig("srcnn", "srcnn", {}, (SourceConfig("photos", "/data/holidays"),))
    weights = dict(build_network("srcnn", {}).state_dict())
    checkpoint = tmp_path / "checkpoint.pt"
    save_checkpoint(Checkpoint(config.to_json(), 10, weights, weights, {}, {}, {}, {}), checkpoint)
    path = tmp_path / "srcnn.onnx"
    done = deblur("export", checkpoint, "-o", path, "--precision", "fp16", "--photos", photos)
    assert done.code == 0, done.err
    assert "fp16 from fp32: " in done.out
    assert read_metadata(path)[PRECISION_KEY] == "fp16"

"""From a checkpoint to a file that carries network, weights and description."""

import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

from deblur.backends.onnx_backend import OnnxBackend
from deblur.backends.torch_backend import TorchBackend
from deblur.catalog import CATALOG
from deblur.cli import app
from deblur.errors import ExportError
from deblur.networks import build_network
from deblur.publish import onnx_export
from deblur.publish.onnx_export import PARITY, export
from deblur.spec import ModelSpec
from deblur.training.config import SourceConfig, TrainingConfig
from deblur.training.run.checkpoint import Checkpoint, save_checkpoint
from deblur.weights import fetch_weights, find_model, sha256_of

SRCNN = CATALOG["srcnn"]


def weights_of(spec: ModelSpec, seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return dict(build_network(spec.architecture, spec.arguments).state_dict())


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "checkpoint.pt"
    sources = (SourceConfig("photos", "/data/holidays"), SourceConfig("pairs", "/data/gopro"))
    config = TrainingConfig("srcnn", "srcnn", {}, sources)
    live, averaged = weights_of(SRCNN, seed=1), weights_of(SRCNN, seed=2)
    save_checkpoint(Checkpoint(config.to_json(), 10, live, averaged, {}, {}, {}, {}), path)
    return path


def run_export(*arguments: object) -> Any:
    result = CliRunner().invoke(app, ["export", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same network in both kinds of file."""
    folder = tmp_path_factory.mktemp("exported")
    paths = folder / "net.onnx", folder / "net.safetensors"
    for path in paths:
        assert export(SRCNN, weights_of(SRCNN), path) <= PARITY
    return paths


@pytest.mark.parametrize("kind", [0, 1], ids=["onnx", "safetensors"])
def test_a_file_carries_the_description_without_where_it_came_from(
    exported: tuple[Path, Path], kind: int
) -> None:
    spec = find_model(str(exported[kind]))
    assert replace(spec, weights=()) == replace(SRCNN, weights=())
    assert fetch_weights(spec, exported[kind].suffix) == exported[kind]


@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (2, 3, 17, 40), (1, 3, 100, 9)])
def test_any_size_gives_the_same_on_both_engines(
    exported: tuple[Path, Path], shape: tuple[int, ...]
) -> None:
    batch = np.random.default_rng(0).random(shape, np.float32)
    on_onnx = OnnxBackend(exported[0], device="cpu").run(batch)
    on_torch = TorchBackend(SRCNN, exported[1], device="cpu").run(batch)
    assert on_onnx.shape == shape
    np.testing.assert_allclose(on_onnx, on_torch, atol=PARITY)


def test_what_is_exported_can_be_read_by_whom_the_owner_allows(
    exported: tuple[Path, Path],
) -> None:
    plain = exported[0].with_name("plain")
    plain.touch()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (*exported, plain)}
    assert len(set(modes.values())) == 1, modes


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_weights_of_a_network_that_runs_at_fp16_take_half_the_room(
    tmp_path: Path, suffix: str
) -> None:
    half = CATALOG["residual-unet-xs"]
    full = replace(half, precisions=("fp32",))
    sizes = []
    for spec in (half, full):
        path = tmp_path / f"{len(spec.precisions)}{suffix}"
        export(spec, weights_of(spec), path)
        sizes.append(path.stat().st_size)
    assert sizes[0] < 0.55 * sizes[1]


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_weights_of_another_network_leave_no_file(tmp_path: Path, suffix: str) -> None:
    weights = weights_of(SRCNN)
    weights.popitem()
    with pytest.raises(ExportError, match="not those of srcnn"):
        export(SRCNN, weights, tmp_path / f"net{suffix}")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["net.pt", "net"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match=r"\.onnx or \.safetensors"):
        export(SRCNN, weights_of(SRCNN), tmp_path / name)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("error", [2 * PARITY, np.nan])
def test_an_export_that_differs_never_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: float
) -> None:
    class Drifting(OnnxBackend):
        def run(self, batch: Any) -> Any:
            return super().run(batch) + np.float32(error)

    monkeypatch.setattr(onnx_export, "OnnxBackend", Drifting)
    path = tmp_path / "net.onnx"
    path.write_bytes(b"the last good one")
    with pytest.raises(ExportError, match="differs from torch"):
        export(SRCNN, weights_of(SRCNN), path)
    assert names_in(tmp_path) == ["net.onnx"]
    assert path.read_bytes() == b"the last good one"


def test_the_command_exports_the_averaged_weights(tmp_path: Path, checkpoint: Path) -> None:
    path = tmp_path / "deep" / "net.safetensors"
    result = run_export(checkpoint, "-o", path)
    assert result.exit_code == 0, result.stderr
    assert f"sha256 {sha256_of(path)}" in result.stdout
    batch = np.random.default_rng(0).random((1, 3, 8, 8), np.float32)
    network = build_network("srcnn", {})
    network.load_state_dict(weights_of(SRCNN, seed=2))
    with torch.inference_mode():
        expected = network(torch.from_numpy(batch)).numpy()
    given = TorchBackend(SRCNN, path, device="cpu").run(batch)
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_the_command_says_how_far_torch_and_onnx_runtime_are_apart(
    tmp_path: Path, checkpoint: Path
) -> None:
    result = run_export(checkpoint, "-o", tmp_path / "net.onnx")
    assert result.exit_code == 0, result.stderr
    assert "largest difference between torch and ONNX Runtime" in result.stdout


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ("photos: holidays", "pairs: gopro")),
        (("--trained-on", "our photos", "--trained-on", "GoPro"), ("our photos", "GoPro")),
    ],
)
def test_the_description_says_what_it_was_trained_on(
    tmp_path: Path, checkpoint: Path, options: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    path = tmp_path / "net.safetensors"
    run_export(checkpoint, "-o", path, *options)
    spec = find_model(str(path))
    assert spec.trained_on == expected
    assert asdict(replace(spec, trained_on=(), weights=())) == asdict(
        replace(SRCNN, trained_on=(), weights=())
    )


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint", b"PK\x03\x04 cut short"])
def test_what_is_no_checkpoint_is_said_in_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "checkpoint.pt"
    if content is not None:
        path.write_bytes(content)
    result = run_export(path, "-o", tmp_path / "net.safetensors")
    assert result.exit_code == 1
    assert str(path) in result.stderr
    assert not (tmp_path / "net.safetensors").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, checkpoint: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run_export(checkpoint, "-o", tmp_path / "file" / "net.safetensors")
    assert result.exit_code == 1
    assert str(tmp_path / "file") in result.stderr

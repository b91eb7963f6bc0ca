"""What every backend must do, whatever runs the network."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deblur.backends import ENGINES, Wishes, available_engines, choices, open_first
from deblur.backends.base import Backend, Batch
from deblur.backends.engines import computes_bf16
from deblur.catalog import CATALOG
from deblur.errors import BackendError, BackendUnavailableError, WeightsCorruptError
from deblur.networks import build_network
from deblur.publish.onnx_export import export
from deblur.spec import ModelSpec, Precision

SPEC = CATALOG["residual-unet-s"]
SIDE = SPEC.size_multiple
KINDS: list[tuple[str, Precision, float]] = [
    ("onnx", "fp32", 1e-4),
    ("openvino", "fp32", 1e-4),
    ("openvino", "bf16", 0.03),
    ("torch", "fp32", 1e-4),
    ("torch", "bf16", 0.03),
    ("torch", "fp16", 0.005),
]


ENGINE_NAMES = ["onnx", "openvino", "torch"]


def skip_unless_here(engine: str, precision: Precision = "fp32") -> None:
    if not ENGINES[engine].is_installed():
        pytest.skip(f"{engine} is not installed")
    if (engine, precision) == ("openvino", "bf16") and not computes_bf16():
        pytest.skip("this processor does not multiply bf16")


def opened(engine: str, spec: ModelSpec, path: Path, **wishes: Any) -> Backend:
    """The backend that fulfils the wishes, on a file of our own."""
    return open_first(choices(spec, Wishes(engine, **wishes)), lambda choice: path)[1]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch.manual_seed(3)
    network = build_network(SPEC.architecture, SPEC.arguments)
    folder = tmp_path_factory.mktemp("weights")
    paths = {"onnx": folder / "network.onnx", "torch": folder / "network.safetensors"}
    for path in paths.values():
        export(SPEC, network.state_dict(), path)
    paths["openvino"] = paths["onnx"]
    return paths


@pytest.fixture(scope="module")
def expected(weights: dict[str, Path]) -> Callable[[Batch], Batch]:
    torch.manual_seed(3)
    network = build_network(SPEC.architecture, SPEC.arguments).eval()

    def answer(batch: Batch) -> Batch:
        with torch.inference_mode():
            restored: Batch = network(torch.from_numpy(batch)).numpy()
        return restored

    return answer


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def kind(request: pytest.FixtureRequest) -> tuple[str, Precision, float]:
    chosen: tuple[str, Precision, float] = request.param
    return chosen


@pytest.fixture
def backend(kind: tuple[str, Precision, float], weights: dict[str, Path]) -> Backend:
    engine, precision, _ = kind
    skip_unless_here(engine, precision)
    return opened(engine, SPEC, weights[engine], device="cpu", precision=precision)


def batch(count: int = 1, height: int = 3 * SIDE, width: int = 5 * SIDE, seed: int = 0) -> Batch:
    return np.random.default_rng(seed).random((count, 3, height, width), dtype=np.float32)


@pytest.mark.parametrize(("count", "height", "width"), [(1, SIDE, SIDE), (3, 3 * SIDE, 5 * SIDE)])
def test_it_answers_like_the_network(
    backend: Backend,
    kind: tuple[str, Precision, float],
    expected: Callable[[Batch], Batch],
    count: int,
    height: int,
    width: int,
) -> None:
    blurred = batch(count, height, width)
    restored = backend.run(blurred)
    assert restored.dtype == np.float32
    assert restored.shape == blurred.shape
    assert np.abs(restored - expected(blurred)).max() <= kind[2]


def test_it_says_what_it_is(backend: Backend, kind: tuple[str, Precision, float]) -> None:
    assert (backend.name, backend.device, backend.precision) == (kind[0], "cpu", kind[1])
    assert "cpu" in backend.execution_provider.lower()


def test_at_full_precision_it_is_the_network_to_the_last_digits(
    backend: Backend, expected: Callable[[Batch], Batch]
) -> None:
    full = backend.at_full_precision()
    assert full.precision == "fp32"
    assert np.abs(full.run(batch()) - expected(batch())).max() <= 1e-4


def test_threads_share_it_without_mixing_answers(backend: Backend) -> None:
    batches = [batch(seed=seed) for seed in range(6)]
    alone = [backend.run(blurred) for blurred in batches]
    with ThreadPoolExecutor(6) as pool:
        for one, shared in zip(alone, pool.map(backend.run, batches), strict=True):
            np.testing.assert_array_equal(shared, one)


def test_it_leaves_its_input_alone(backend: Backend) -> None:
    blurred = batch()
    backend.run(blurred)
    np.testing.assert_array_equal(blurred, batch())


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_device_that_is_not_here_is_refused_with_those_that_are(
    engine: str, weights: dict[str, Path]
) -> None:
    skip_unless_here(engine)
    with pytest.raises(BackendUnavailableError, match=r"no device 'abacus'.*auto.*cpu"):
        opened(engine, SPEC, weights[engine], device="abacus")


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_damaged_weights_are_refused_with_their_path(engine: str, tmp_path: Path) -> None:
    skip_unless_here(engine)
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"\x08\x07 not a network")
    with pytest.raises(WeightsCorruptError, match="damaged"):
        opened(engine, SPEC, damaged, device="cpu")


def test_weights_of_another_network_are_refused(weights: dict[str, Path]) -> None:
    with pytest.raises(WeightsCorruptError, match="weights for unet"):
        opened("torch", CATALOG["unet"], weights["torch"], device="cpu")


def test_an_engine_that_is_not_here_is_refused(weights: dict[str, Path]) -> None:
    with pytest.raises(BackendUnavailableError, match=r"'abacus' is not on this machine.*onnx"):
        opened("abacus", SPEC, weights["onnx"])


@pytest.mark.parametrize(
    ("engine", "model", "precision"),
    [("onnx", "residual-unet-s", "fp16"), ("torch", "unet", "bf16")],
)
def test_a_precision_that_cannot_be_had_is_refused(
    weights: dict[str, Path], engine: str, model: str, precision: Precision
) -> None:
    with pytest.raises(BackendUnavailableError, match=precision):
        opened(engine, CATALOG[model], weights[engine], device="cpu", precision=precision)


def test_a_provider_that_fails_is_a_note_for_auto_and_an_error_by_name(
    weights: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that is listed as installed, and whose libraries are missing."""
    listed = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: listed)
    candidates = choices(SPEC, Wishes("onnx"))
    _, backend, notes = open_first(candidates, lambda choice: weights["onnx"])
    assert backend.execution_provider == "CPUExecutionProvider"
    assert "CUDAExecutionProvider" in notes[0]
    with pytest.raises(BackendUnavailableError, match="CUDAExecutionProvider"):
        opened("onnx", SPEC, weights["onnx"], device="cuda")


def test_engines_list_the_devices_of_this_machine() -> None:
    engines = available_engines()
    assert {"onnx", "torch"} <= set(engines) <= set(ENGINE_NAMES)
    assert all(devices[-1] == "cpu" for devices in engines.values())


@pytest.mark.parametrize("engine", ENGINE_NAMES)
def test_a_tile_that_cannot_run_is_an_error_of_ours(engine: str, weights: dict[str, Path]) -> None:
    skip_unless_here(engine)
    backend = opened(engine, SPEC, weights[engine], device="cpu")
    with pytest.raises(BackendError, match="could not run a tile"):
        backend.run(batch(height=9, width=9))

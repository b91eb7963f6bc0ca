"""What each execution provider is told, and what happens when it does not listen."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deblur.backends import execution_providers as module
from deblur.backends.execution_providers import PROVIDERS, Workload, open_on
from deblur.backends.onnx_backend import OnnxBackend
from deblur.errors import BackendUnavailableError, WeightsCorruptError
from deblur.weights import PRETRAINED
from tests.cli.command_line import ENVIRONMENT, ROOT

SRCNN = PRETRAINED / "srcnn" / "model.onnx"
TILES = Workload(tile=768, multiple=8, batch=4)


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def told(device: str, work: Workload = TILES) -> dict[str, str]:
    return {option.name: option.value for option in PROVIDERS[device].options(work)}


class FakeRuntime:
    """ONNX Runtime with every provider, which refuses some options and ignores others."""

    def __init__(self, refuses: Sequence[str] = (), ignores: Sequence[str] = ()) -> None:
        self.refuses, self.ignores = refuses, ignores
        self.given: dict[str, Mapping[str, str]] = {}

    def open_session(self, path: Path, chain: Any, threads: Any, settings: Any) -> "FakeRuntime":
        self.given = dict(chain)
        for options in self.given.values():
            for name in options:
                if name in self.refuses:
                    raise WeightsCorruptError(f"Invalid EP option: {name}")
        return self

    def get_providers(self) -> list[str]:
        return list(self.given)

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        return {
            provider: {name: value for name, value in options.items() if name not in self.ignores}
            for provider, options in self.given.items()
        }


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    fake = FakeRuntime()
    monkeypatch.setattr(module, "open_session", fake.open_session)
    listed = [provider.name for provider in PROVIDERS.values()]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: listed)
    return fake


@pytest.mark.parametrize("device", PROVIDERS)
@pytest.mark.parametrize("work", [Workload(), TILES, Workload(threads=2, precision="int8")])
def test_every_option_is_text_with_a_reason_and_set_once(device: str, work: Workload) -> None:
    options = PROVIDERS[device].options(work)
    assert all(isinstance(o.value, str) and o.value and o.reason for o in options)
    assert len({option.name for option in options}) == len(options)


@pytest.mark.parametrize("device", PROVIDERS)
def test_every_provider_is_opened_as_it_is_configured(device: str, runtime: FakeRuntime) -> None:
    _, notes = open_on(SRCNN, device, TILES)
    assert next(iter(runtime.given)) == PROVIDERS[device].name
    assert runtime.given[PROVIDERS[device].name] == told(device)
    assert notes == ()


def test_what_tensorrt_cannot_run_goes_to_cuda_then_to_the_processor(runtime: FakeRuntime) -> None:
    open_on(SRCNN, "tensorrt", TILES)
    assert [*runtime.given] == [PROVIDERS[name].name for name in ("tensorrt", "cuda", "cpu")]
    assert runtime.given["CUDAExecutionProvider"] == told("cuda")


@pytest.mark.parametrize("how", ["refuses", "ignores"])
def test_an_option_that_is_not_known_is_left_out_and_noted(runtime: FakeRuntime, how: str) -> None:
    setattr(runtime, how, ["prefer_nhwc"])
    _, notes = open_on(SRCNN, "cuda", TILES)
    assert len(notes) == 1
    assert "does not take prefer_nhwc=1 for cuda (tensor cores" in notes[0]
    assert runtime.given["CUDAExecutionProvider"]["cudnn_conv_algo_search"] == "HEURISTIC"
    assert ("prefer_nhwc" in runtime.given["CUDAExecutionProvider"]) == (how == "ignores")


def test_a_provider_that_says_nothing_of_its_options_is_believed(runtime: FakeRuntime) -> None:
    runtime.ignores = [*told("openvino")]
    assert open_on(SRCNN, "openvino", TILES)[1] == ()


def test_a_refusal_that_names_no_option_is_an_error(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*anything: Any) -> None:
        raise WeightsCorruptError("libcudnn.so.9: cannot open shared object file")

    monkeypatch.setattr(module, "open_session", refuse)
    with pytest.raises(BackendUnavailableError, match=r"did not start.*cudnn"):
        open_on(SRCNN, "cuda", TILES)


def test_tensorrt_builds_one_engine_for_all_tiles() -> None:
    shapes = told("tensorrt", Workload(tile=768, multiple=8, batch=4, input="x"))
    assert shapes["trt_profile_min_shapes"] == "x:1x3x8x8"
    assert shapes["trt_profile_opt_shapes"] == shapes["trt_profile_max_shapes"] == "x:4x3x768x768"
    assert not any("shapes" in name for name in told("tensorrt", Workload(tile=0)))


@pytest.mark.parametrize(
    ("device", "option", "precision"),
    [
        ("tensorrt", "trt_fp16_enable", "fp16"),
        ("tensorrt", "trt_int8_enable", "int8"),
        ("coreml", "AllowLowPrecisionAccumulationOnGPU", "fp16"),
    ],
)
def test_only_a_file_that_says_so_is_rounded(device: str, option: str, precision: Any) -> None:
    assert told(device, Workload(precision=precision))[option] == "1"
    assert told(device, Workload(precision="fp32"))[option] == "0"


def test_a_cache_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: FakeRuntime
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(BackendUnavailableError, match="XDG_CACHE_HOME"):
        open_on(SRCNN, "tensorrt", TILES)


def test_bound_input_and_output_give_the_same() -> None:
    backend = OnnxBackend(SRCNN, device="cpu")
    batch = np.random.default_rng(0).random((2, 3, 20, 24), dtype=np.float32)
    np.testing.assert_array_equal(backend._run_bound(batch, "cpu"), backend.run(batch))


def test_restoring_where_there_is_no_accelerator_does_not_import_torch() -> None:
    program = """
import ctypes, pathlib, platform, sys
def absent(*name): raise OSError
ctypes.CDLL, platform.system = absent, lambda: "Linux"
pathlib.Path.exists = lambda path: False
from deblur.restorer import Restorer
assert Restorer.open("srcnn").network.backend.name != "torch"
assert "torch" not in sys.modules
"""
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True)

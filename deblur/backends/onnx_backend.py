"""ONNX Runtime: every execution provider that is installed, behind the one protocol."""

from pathlib import Path

import numpy as np
import onnxruntime

from deblur.backends.base import Batch, tile_failed
from deblur.errors import BackendUnavailableError, WeightsCorruptError
from deblur.onnx_file import RUNTIME_ERRORS, open_session
from deblur.spec import Precision

PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Short name to ONNX Runtime's name, the preferred ones first."""


def available_providers() -> tuple[str, ...]:
    """Short names of the providers installed here, the preferred ones first."""
    installed = onnxruntime.get_available_providers()
    return tuple(name for name, provider in PROVIDERS.items() if provider in installed)


class OnnxBackend:
    """An `.onnx` file in an ONNX Runtime session.

    `provider` is a short name or `auto`. With `auto` a provider that does not start is
    noted and the next one is tried; one that was named must run, or BackendUnavailableError
    is raised. `threads` is for the CPU; None leaves the choice to ONNX Runtime.
    """

    name = "onnx"
    precision: Precision = "fp32"

    def __init__(self, path: Path, *, provider: str = "auto", threads: int | None = None) -> None:
        self.notes: tuple[str, ...] = ()
        candidates = available_providers() if provider == "auto" else (provider,)
        for device in candidates:
            try:
                self._session = _open(path, device, threads)
                break
            except BackendUnavailableError as error:
                if device == candidates[-1]:
                    raise
                self.notes += (str(error),)
        self.device = device
        self.execution_provider = PROVIDERS[device]
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: Batch) -> Batch:
        """See Backend.run."""
        try:
            return np.asarray(self._session.run(None, {self._input: batch})[0], np.float32)
        except RUNTIME_ERRORS as error:
            raise tile_failed(self.execution_provider, error) from error

    def at_full_precision(self) -> "OnnxBackend":
        """See Backend.at_full_precision."""
        return self


def _open(path: Path, device: str, threads: int | None) -> onnxruntime.InferenceSession:
    if device not in available_providers():
        here = ", ".join(("auto", *available_providers()))
        raise BackendUnavailableError(
            f"ONNX Runtime has no device {device!r} on this machine; choose one of: {here}"
        )
    providers = list(dict.fromkeys([PROVIDERS[device], PROVIDERS["cpu"]]))
    try:
        session = open_session(path, providers, threads)
    except WeightsCorruptError as error:
        if device == "cpu":
            raise
        raise BackendUnavailableError(f"{PROVIDERS[device]} did not start: {error}") from error
    if session.get_providers()[0] != PROVIDERS[device]:
        raise BackendUnavailableError(
            f"{PROVIDERS[device]} is installed but did not start (its driver or libraries are "
            "missing)"
        )
    return session

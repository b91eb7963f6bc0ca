"""OpenVINO: processors of Intel and others, Intel's GPUs and NPUs, behind the one protocol."""

import copy
from functools import cache, lru_cache, partial
from pathlib import Path

import numpy as np
import openvino

from deblur.backends.base import Batch, tile_failed
from deblur.backends.compiled import compiled_folder
from deblur.errors import BackendUnavailableError, WeightsCorruptError
from deblur.language import say
from deblur.onnx_file import PRECISION_KEY, allowed_cores
from deblur.spec import Precision

_COMPUTED_AT: dict[Precision, str] = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}
"""OpenVINO's options. The file itself says what is int8; the rest of it stays fp32."""

_KEPT = 4
"""Compiled networks that are held: one for each precision, on an NPU for each size of tiles."""


@cache
def _core() -> openvino.Core:
    """OpenVINO itself, loaded once and kept as long as the process lives.

    Where the processor has AMX, the thread that loads OpenVINO gets a stack for its signals. If
    another thread lets go of the last Core, that stack is freed while it is still in use, and the
    next Ctrl-C ends the process with a segmentation fault (seen with OpenVINO 2026.4).
    """
    return openvino.Core()


def available_devices() -> tuple[str, ...]:
    """OpenVINO's devices on this machine: those of `gpu`, `npu` and `cpu` that are here."""
    here = {name.split(".")[0].lower() for name in _core().available_devices}
    return tuple(device for device in ("gpu", "npu", "cpu") if device in here)


def computes_bf16() -> bool:
    """Whether this processor multiplies bf16 itself; elsewhere bf16 saves no time."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVinoBackend:
    """An `.onnx` file that OpenVINO compiles for a device; what it compiled is kept on the disk.

    A file at fp32 may be computed at bf16 on a processor and at fp16 on other devices. `threads`
    is for the CPU; None takes every core that this process may use. Raises WeightsCorruptError
    when the file cannot be read, BackendUnavailableError when the device does not start or the
    file runs at another precision.
    """

    name = "openvino"

    def __init__(
        self,
        path: Path,
        *,
        device: str = "cpu",
        precision: Precision = "fp32",
        threads: int | None = None,
    ) -> None:
        model = _read(path)
        self._written_at = _written_at(model)
        if self._written_at not in ("fp32", precision):
            raise BackendUnavailableError(
                say(
                    "{model} runs at {precisions}, not at {asked}",
                    model=path.name,
                    precisions=self._written_at,
                    asked=precision,
                )
            )
        self.device, self.precision = device, precision
        self.execution_provider = f"OpenVINO on {device.upper()}"
        self._one_by_one = model.inputs[0].get_partial_shape()[0].is_static
        settings, self.notes = _settings(device, threads or allowed_cores())
        self._compiled = lru_cache(_KEPT)(partial(_compile, path, device, settings))
        if device != "npu":
            self._compiled(precision)

    def run(self, batch: Batch) -> Batch:
        """See Backend.run."""
        if self._one_by_one and len(batch) > 1:
            return np.concatenate([self.run(picture[None]) for picture in batch])
        fixed = (batch.shape,) if self.device == "npu" else ()
        try:
            request = self._compiled(self.precision, *fixed).create_infer_request()
            answer = request.infer([batch], share_inputs=True, share_outputs=True)[0]
            if answer.shape != batch.shape:  # of a side that does not fit it makes nothing
                raise RuntimeError(f"{batch.shape} became {answer.shape}")
            return np.array(answer, np.float32)
        except RuntimeError as error:
            raise tile_failed(self.execution_provider, _last_line(error)) from error

    def at_full_precision(self) -> "OpenVinoBackend":
        """See Backend.at_full_precision; it is compiled when its first tile comes."""
        if self.precision == self._written_at:
            return self
        full = copy.copy(self)
        full.precision = self._written_at
        return full


def _read(path: Path) -> openvino.Model:
    try:
        return _core().read_model(path)
    except RuntimeError as error:
        raise WeightsCorruptError(
            say(
                "{file} is not a network that {engine} can load ({reason}); "
                "fetch or export it again",
                file=path,
                engine="OpenVINO",
                reason=_last_line(error),
            )
        ) from error


def _written_at(model: openvino.Model) -> Precision:
    """What the file says that it runs at; ONNX Runtime has checked it when it was described."""
    key = ["framework", PRECISION_KEY]
    written: Precision = model.get_rt_info(key).astype(str) if model.has_rt_info(key) else "fp32"
    return written


def _settings(device: str, threads: int | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """Options for the device, and notes about what is not available."""
    settings = {"PERFORMANCE_HINT": "LATENCY"}
    if device == "cpu":
        # Others may be at work on the same cores: a pinned thread would wait for them.
        settings |= {"NUM_STREAMS": "1", "ENABLE_CPU_PINNING": "NO"}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = str(threads)
    try:
        settings["CACHE_DIR"] = str(compiled_folder("openvino"))
    except BackendUnavailableError as error:
        return settings, (say("compiled anew at each start: {reason}", reason=error),)
    return settings, ()


def _compile(
    path: Path,
    device: str,
    settings: dict[str, str],
    precision: Precision,
    shape: tuple[int, ...] | None = None,
) -> openvino.CompiledModel:
    """Compile for pictures of any size, or for one shape of batches alone."""
    model = _read(path)
    if shape:
        model.reshape(shape)
    hint = {"INFERENCE_PRECISION_HINT": _COMPUTED_AT[precision]}
    try:
        return _core().compile_model(model, device.upper(), settings | hint)
    except RuntimeError as error:
        raise BackendUnavailableError(
            say(
                "OpenVINO did not start on {device} ({reason}); its driver may be missing",
                device=device,
                reason=_last_line(error),
            )
        ) from error


def _last_line(error: RuntimeError) -> str:
    """What went wrong: the lines above it name OpenVINO's own source files."""
    return str(error).strip().rpartition("\n")[2]

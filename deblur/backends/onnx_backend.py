"""ONNX Runtime: every execution provider that is installed, behind the one protocol."""

from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

import numpy as np
import onnxruntime

from deblur.backends.base import Batch, tile_failed
from deblur.backends.execution_providers import (
    PROVIDERS,
    Workload,
    available_providers,
    open_on,
)
from deblur.errors import WeightsCorruptError
from deblur.language import say
from deblur.onnx_file import PRECISION_KEY, RUNTIME_ERRORS, metadata_of, open_session
from deblur.spec import Precision

_BOUND = {"cuda", "tensorrt"}
"""Where input and output are bound: one copy each way, on the provider's own stream."""


class OnnxBackend:
    """An `.onnx` file in an ONNX Runtime session.

    `device` is a provider's short name; BackendUnavailableError is raised when it does not
    start. `threads` is for the CPU; None leaves the choice to ONNX Runtime. `work` says which
    tiles will come. The precision is what the file says.
    """

    name = "onnx"

    def __init__(
        self,
        path: Path,
        *,
        device: str = "cpu",
        threads: int | None = None,
        work: Workload | None = None,
    ) -> None:
        self._work = replace(work or Workload(), threads=threads)
        self._session, self.notes = open_on(path, device, self._workload(path, device))
        self.device = device
        self.execution_provider = PROVIDERS[device].name
        self.precision = _precision(self._session, path)
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        self._one_by_one = self._session.get_inputs()[0].shape[0] == 1

    def run(self, batch: Batch) -> Batch:
        """See Backend.run."""
        if self._one_by_one and len(batch) > 1:
            return np.concatenate([self.run(picture[None]) for picture in batch])
        try:
            if self.device in _BOUND:
                return self._run_bound(batch, "cuda")
            return np.asarray(self._session.run(None, {self._input: batch})[0], np.float32)
        except RUNTIME_ERRORS as error:
            raise tile_failed(self.execution_provider, error) from error

    def at_full_precision(self) -> "OnnxBackend":
        """See Backend.at_full_precision: a file holds its network at one precision only."""
        return self

    def _run_bound(self, batch: Batch, memory: str) -> Batch:
        binding = self._session.io_binding()
        binding.bind_cpu_input(self._input, np.ascontiguousarray(batch))
        binding.bind_output(self._output, memory)
        self._session.run_with_iobinding(binding)
        return np.asarray(binding.copy_outputs_to_cpu()[0], np.float32)

    def _workload(self, path: Path, device: str) -> Workload:
        """A provider's options for the file; the CPU needs none."""
        if device == "cpu" or device not in available_providers():
            return self._work
        session = open_session(path, threads=1)
        named = session.get_inputs()[0].name
        return replace(self._work, precision=_precision(session, path), input=named)


def _precision(session: onnxruntime.InferenceSession, path: Path) -> Precision:
    stated = metadata_of(session).get(PRECISION_KEY, "fp32")
    if stated not in get_args(Precision):
        raise WeightsCorruptError(
            say(
                "{file} says that it runs at {precision}; known are {known}",
                file=path,
                precision=repr(stated),
                known=", ".join(get_args(Precision)),
            )
        )
    return cast(Precision, stated)

"""PyTorch: CUDA, Apple's MPS or the CPU, at fp32, bf16 or fp16."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from deblur.backends.base import Batch, tile_failed
from deblur.errors import BackendUnavailableError, WeightsCorruptError
from deblur.language import say
from deblur.networks import build_network
from deblur.spec import SPANDREL, ModelSpec, Precision

DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}


def available_devices() -> tuple[str, ...]:
    """The torch devices of this machine, the preferred ones first."""
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    return tuple(device for device, here in present.items() if here)


def choose_device(device: str) -> str:
    """The device by that name, or the best for `auto`. Raises BackendUnavailableError."""
    here = available_devices()
    if device not in ("auto", *here):
        raise BackendUnavailableError(
            say(
                "torch has no device {device} on this machine; choose one of: {devices}",
                device=repr(device),
                devices=", ".join(("auto", *here)),
            )
        )
    return here[0] if device == "auto" else device


def set_threads(threads: int | None) -> None:
    """How many CPU threads torch uses in this process; None leaves it as it is."""
    if threads:
        torch.set_num_threads(threads)


class _ExactConvolutions:
    """While any thread is inside, cuDNN's convolutions of fp32 are fp32, and not TF32.

    torch rounds them to TF32 by default, and keeps that setting for the whole process: the
    first thread that comes changes it, and the last one that leaves gives it back.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, ""

    @contextmanager
    def __call__(self) -> Iterator[None]:
        convolutions = torch.backends.cudnn.conv  # type: ignore[attr-defined]
        with self._lock:
            if not self._inside:
                self._before = convolutions.fp32_precision
                convolutions.fp32_precision = "ieee"
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    convolutions.fp32_precision = self._before


EXACT_CONVOLUTIONS = _ExactConvolutions()


class TorchBackend:
    """A network of this package with its weights from a `.safetensors` file, or a published one.

    Raises WeightsCorruptError for weights that do not fit the network.
    """

    name = "torch"
    notes: tuple[str, ...] = ()

    def __init__(
        self, spec: ModelSpec, path: Path, *, device: str = "cpu", precision: Precision = "fp32"
    ) -> None:
        self.device = device
        self.precision = precision
        self._full = _load_network(spec, path).to(self.device)
        self._full = self._full.to(memory_format=torch.channels_last)
        same = precision == "fp32"
        self._network = self._full if same else copy.deepcopy(self._full).to(DTYPES[precision])

    @property
    def execution_provider(self) -> str:
        """torch and the device that it runs on, by its full name where it has one."""
        if self.device == "cuda":
            return f"torch on {torch.cuda.get_device_name()}"
        return f"torch on {self.device}"

    @torch.inference_mode()
    def run(self, batch: Batch) -> Batch:
        """See Backend.run."""
        try:
            pixels = torch.from_numpy(batch).to(self.device, DTYPES[self.precision])
            with EXACT_CONVOLUTIONS():
                restored = self._network(pixels.contiguous(memory_format=torch.channels_last))
        except RuntimeError as error:
            raise tile_failed(self.execution_provider, error) from error
        return np.asarray(restored.float().contiguous().cpu().numpy(), np.float32)

    def at_full_precision(self) -> "TorchBackend":
        """See Backend.at_full_precision."""
        if self.precision == "fp32":
            return self
        full = copy.copy(self)
        full.precision, full._network = "fp32", self._full
        return full


def _load_network(spec: ModelSpec, path: Path) -> nn.Module:
    if spec.architecture.startswith(SPANDREL):
        from deblur.networks.published import load_published

        return load_published(path).eval().requires_grad_(False)
    network = build_network(spec.architecture, spec.arguments)
    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise WeightsCorruptError(
            say(
                "{file} does not hold weights for {architecture} ({reason})",
                file=path,
                architecture=spec.architecture,
                reason=error,
            )
        ) from error
    return network.eval().requires_grad_(False)

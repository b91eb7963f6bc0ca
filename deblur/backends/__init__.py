"""Engines that run a network, all behind one protocol, and the one place that opens them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from deblur.backends.base import ACCELERATOR_BATCH, Backend
from deblur.backends.choice import Choice, Wishes, choices, tiling_of
from deblur.backends.engines import ENGINES, available_engines
from deblur.backends.execution_providers import Workload
from deblur.backends.onnx_backend import OnnxBackend
from deblur.errors import BackendUnavailableError
from deblur.language import say

__all__ = [
    "ACCELERATOR_BATCH",
    "ENGINES",
    "Backend",
    "Choice",
    "Wishes",
    "available_engines",
    "choices",
    "open_backend",
    "open_first",
    "tiling_of",
]


def open_first(
    candidates: Sequence[Choice], weights_of: Callable[[Choice], Path]
) -> tuple[Choice, Backend, tuple[str, ...]]:
    """Start the first of several choices that starts; the notes say which did not, and why.

    `weights_of` gives a choice's file. Raises what the last of them raises, when none starts.
    """
    notes: tuple[str, ...] = ()
    for choice in candidates[:-1]:
        try:
            return choice, open_backend(choice, weights_of(choice)), notes
        except BackendUnavailableError as error:
            notes += (str(error),)
    return candidates[-1], open_backend(candidates[-1], weights_of(candidates[-1])), notes


def open_backend(choice: Choice, weights: Path) -> Backend:
    """Start the engine of a choice on a file of weights.

    Raises BackendUnavailableError when it does not start or the file runs at another precision,
    WeightsCorruptError when the file is damaged.
    """
    spec, precision = choice.spec, choice.precision
    if choice.engine == "torch":
        from deblur.backends.torch_backend import TorchBackend, set_threads

        set_threads(choice.threads)
        return TorchBackend(spec, weights, device=choice.device, precision=precision)
    if choice.engine == "openvino":
        from deblur.backends.openvino_backend import OpenVinoBackend

        return OpenVinoBackend(
            weights, device=choice.device, precision=precision, threads=choice.threads
        )
    work = Workload(
        tile=choice.tiling.tile if choice.tiling.tile < 1 << 30 else 0,
        multiple=spec.size_multiple,
        batch=ACCELERATOR_BATCH,
    )
    backend = OnnxBackend(weights, device=choice.device, threads=choice.threads, work=work)
    if backend.precision != precision:
        raise BackendUnavailableError(
            say(
                "{file} of {model} runs at {precision}, not at {asked}",
                file=weights.name,
                model=spec.name,
                precision=backend.precision,
                asked=precision,
            )
        )
    return backend

"""What every engine looks like."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deblur.errors import BackendError
from deblur.language import say
from deblur.spec import Precision

Batch = NDArray[np.float32]

ACCELERATOR_BATCH = 4
"""How many tiles an accelerator gets at once; a processor gets one."""


class Backend(Protocol):
    """Runs one network. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The engine: `onnx`, `openvino` or `torch`."""

    @property
    def device(self) -> str:
        """The device in use: `cpu`, `cuda`, `mps`, ..."""

    @property
    def precision(self) -> Precision:
        """The precision in use."""

    @property
    def execution_provider(self) -> str:
        """What actually runs the network, which may not be what was asked for."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user about how this engine came to be."""

    def run(self, batch: Batch) -> Batch:
        """float32 (N, 3, h, w) in the network's value range -> the same shape, not clipped."""

    def at_full_precision(self) -> "Backend":
        """The same network at fp32: this very backend when it is, or when there is no other."""


def tile_failed(provider: str, reason: object) -> BackendError:
    """The error for a tile that an engine could not run, most often for want of memory."""
    return BackendError(
        say(
            "{provider} could not run a tile ({reason}); a smaller tile needs less memory",
            provider=provider,
            reason=reason,
        )
    )

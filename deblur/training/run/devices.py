"""Where a run computes: device, precision and processes, through Accelerate."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs

from deblur.backends.torch_backend import choose_device
from deblur.errors import ConfigError
from deblur.training.config import TrainingConfig


def is_first_process() -> bool:
    """Whether this is the only process of a run, or the one of several that writes and tells."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def open_accelerator(
    config: TrainingConfig, directory: Path, device: str, tracker: str | None
) -> Iterator[Accelerator]:
    """An accelerator for one run, `directory` its tracker's; it ends with the context.

    `device` is auto, cpu, cuda or mps, `tracker` a name that Accelerate knows. Raises
    ConfigError for a precision that the device does not train at, BackendUnavailableError for a
    device that is not here.
    """
    choose_device(device)
    if config.precision == "fp16" and (device == "cpu" or not torch.cuda.is_available()):
        raise ConfigError("precision: fp16 trains on a GPU only; choose bf16 or fp32")
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(
        mixed_precision="no" if config.precision == "fp32" else config.precision,
        cpu=device == "cpu",
        log_with=tracker,
        project_dir=directory,
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )
    if tracker:
        accelerator.init_trackers(config.model)
    try:
        yield accelerator
    finally:
        accelerator.end_training()

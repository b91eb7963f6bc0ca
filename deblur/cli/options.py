"""Options that several commands share, and values that need reading."""

from enum import StrEnum
from typing import Annotated

import typer

from deblur.errors import OutputError
from deblur.image_io import format_named


class BackendChoice(StrEnum):
    """What runs the network."""

    auto = "auto"
    onnx = "onnx"
    openvino = "openvino"
    torch = "torch"


class CrewChoice(StrEnum):
    """How the work is distributed: here, in processes, or on Ray."""

    serial = "serial"
    processes = "processes"
    ray = "ray"


class PrecisionChoice(StrEnum):
    """What a network can run at; int8 wants a file that was quantised to it."""

    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"
    int8 = "int8"


class Variant(StrEnum):
    """What a network can be rounded to in an `.onnx` file."""

    fp16 = "fp16"
    int8 = "int8"


class Preset(StrEnum):
    """The recipe that a training run begins with."""

    fast = "fast"
    seed = "seed"
    fine_tune = "fine-tune"


class Tracker(StrEnum):
    """What else a training run is logged with."""

    tensorboard = "tensorboard"
    trackio = "trackio"


class Existing(StrEnum):
    """What is done where a restored photo is there already."""

    skip = "skip"
    overwrite = "overwrite"
    fail = "fail"


def format_of(name: str) -> str:
    """One of OUTPUT_FORMATS by a name in any case (jpg, JPEG, tif). Raises BadParameter."""
    try:
        return format_named(name)
    except OutputError as error:
        raise typer.BadParameter(str(error)) from error


DeviceName = Annotated[str, typer.Option(help="auto, cpu, cuda, mps, tensorrt, ...")]
OwnPrecision = Annotated[
    PrecisionChoice | None,
    typer.Option(help="Number format of the network (default: the model's own)."),
]
Fast = Annotated[
    bool,
    typer.Option(
        "--fast", help="int8 or bf16, whichever is faster here, at nearly the same quality."
    ),
]
TileSide = Annotated[
    int | None,
    typer.Option(min=0, help="Tile side in pixels, 0: the whole photo (default: the model's own)."),
]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads.")]
CrewName = Annotated[
    CrewChoice, typer.Option(help="Run in this process, in several processes, or on Ray.")
]
Workers = Annotated[int, typer.Option(min=1, help="Number of processes or of Ray workers.")]
RayAddress = Annotated[
    str | None, typer.Option(help="A Ray cluster's address (default: start one).")
]
RayGpus = Annotated[float, typer.Option(min=0, help="GPUs of each Ray worker.")]

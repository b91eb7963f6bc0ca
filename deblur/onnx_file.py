"""Opening an `.onnx` file: a session, or a sentence that says why not."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort

from deblur.errors import WeightsCorruptError
from deblur.language import say

PRECISION_KEY = "deblur.precision"
"""Where a file's metadata say what it runs at; fp32 where they do not."""
PARITY_KEY = "deblur.parity"
"""Where a smaller variant keeps, as JSON, how far it is from the fp32 network."""
SOURCE_KEY = "deblur.source_sha256"
"""Where a smaller variant keeps the digest of the fp32 file that it was made from."""

_FATAL_ONLY = 4
RUNTIME_ERRORS = (
    ort.EPFail,
    ort.Fail,
    ort.InvalidArgument,
    ort.InvalidGraph,
    ort.InvalidProtobuf,
    ort.NoSuchFile,
    ort.NotImplemented,
    ort.RuntimeException,
)
"""What ONNX Runtime raises when it cannot load or run a network."""


def open_session(
    path: Path,
    providers: Sequence[tuple[str, Mapping[str, str]]] = (("CPUExecutionProvider", {}),),
    threads: int | None = None,
    settings: Mapping[str, object] | None = None,
) -> onnxruntime.InferenceSession:
    """A session on `providers`, each with its options, and `threads` CPU threads.

    With `threads` None it is ONNX Runtime's choice, one for each core of the machine, unless this
    process may use fewer: ONNX Runtime would start too many, and pin them to others' cores.
    `settings` are attributes of onnxruntime.SessionOptions. Raises WeightsCorruptError when
    ONNX Runtime cannot load the file, or a provider does not take its options.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    options.intra_op_num_threads = threads or allowed_cores() or 0
    for name, value in (settings or {}).items():
        setattr(options, name, value)
    try:
        return onnxruntime.InferenceSession(
            str(path),
            options,
            providers=[(name, dict(given)) for name, given in providers],
            enable_fallback=0,
        )
    except (*RUNTIME_ERRORS, RuntimeError, ValueError) as error:
        raise WeightsCorruptError(
            say(
                "{file} is not a network that {engine} can load ({reason}); "
                "fetch or export it again",
                file=path,
                engine="ONNX Runtime",
                reason=error,
            )
        ) from error


def allowed_cores(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int | None:
    """How many cores this process may use, by its affinity and its container; None: all."""
    everything = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else everything
    if quota.is_file():
        most, _, period = quota.read_text().partition(" ")
        if most != "max":
            allowed = min(allowed, math.ceil(int(most) / int(period)))
    return allowed if allowed < everything else None


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata inside an `.onnx` file. Raises WeightsCorruptError when it is not one."""
    return metadata_of(open_session(path, threads=1))


def metadata_of(session: onnxruntime.InferenceSession) -> dict[str, str]:
    """The metadata of an open file. Raises WeightsCorruptError where they are no UTF-8."""
    try:
        return dict(session.get_modelmeta().custom_metadata_map)
    except UnicodeDecodeError as error:
        raise WeightsCorruptError(
            say("what the file says about itself is no UTF-8; export it again")
        ) from error

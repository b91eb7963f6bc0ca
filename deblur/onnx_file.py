"""Opening an `.onnx` file: a session, or a sentence that says why not."""

from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort

from deblur.errors import WeightsCorruptError

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
    path: Path, providers: list[str], threads: int | None = None
) -> onnxruntime.InferenceSession:
    """A session on the first of `providers` that starts; `threads` CPU threads, None: its choice.

    Raises WeightsCorruptError when ONNX Runtime cannot load the file.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    if threads:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except RUNTIME_ERRORS as error:
        raise WeightsCorruptError(
            f"{path} is not a network that ONNX Runtime can load ({error}); "
            "fetch or export it again"
        ) from error


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata inside an `.onnx` file. Raises WeightsCorruptError when it is not one."""
    session = open_session(path, ["CPUExecutionProvider"], threads=1)
    return dict(session.get_modelmeta().custom_metadata_map)

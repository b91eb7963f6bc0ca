"""What there is to know about a published model, as one frozen record with one JSON form."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from deblur.errors import WeightsCorruptError

SPANDREL = "spandrel/"
"""Begins the name of an architecture that spandrel builds."""

Transfer = Literal["srgb", "linear"]
Precision = Literal["fp32", "bf16", "fp16", "int8"]


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

    Without `repo` the file ships with this package; with it, it lies on the Hugging Face Hub
    at `revision`. An `.onnx` file runs at its `precision`; torch runs any file at any.
    """

    file: str
    sha256: str
    repo: str | None = None
    revision: str | None = None
    bytes: int | None = None
    precision: Precision = "fp32"


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
    def on_hub(self) -> bool:
        """Whether its weights have to be fetched from the Hub, once."""
        return any(ref.repo for ref in self.weights)

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

        Raises WeightsCorruptError, naming the field, when one is missing, unknown or malformed.
        """
        try:
            fields = json.loads(text)
            return cls(
                **{
                    **fields,
                    "tiling": TilingPolicy(**fields["tiling"]),
                    "value_range": tuple(fields["value_range"]),
                    "precisions": tuple(fields["precisions"]),
                    "trained_on": tuple(fields["trained_on"]),
                    "weights": tuple(WeightsRef(**ref) for ref in fields["weights"]),
                }
            )
        except (ValueError, TypeError, KeyError) as error:
            raise WeightsCorruptError(
                f"the model description is not one that this version reads ({error}); "
                "export the model again with `python -m deblur export`"
            ) from error

"""What defines a training run: frozen, saved as JSON beside its checkpoints."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from deblur.errors import ConfigError
from deblur.synthesis.pairs import BlurRecipe

SourceKind = Literal["photos", "pairs", "frames"]
TrainingPrecision = Literal["fp32", "bf16", "fp16"]
LossName = Literal["l1", "l2", "psnr"]


@dataclass(frozen=True)
class SourceConfig:
    """A folder to learn from, and how often it is drawn beside the others.

    `photos`: sharp pictures, to be blurred by synthesis. `pairs`: subfolders `blur` and
    `sharp` with files of the same names. `frames`: consecutive sharp frames of a fast clip,
    averaged in the way of the GoPro dataset.
    """

    kind: SourceKind
    path: str
    weight: float = 1.0

    @classmethod
    def parse(cls, text: str) -> "SourceConfig":
        """Read `[KIND:]DIRECTORY[@WEIGHT]`; without a kind, a folder with `blur` holds pairs.

        Raises ConfigError when it is not of that form.
        """
        path, at, weight = text.rpartition("@")
        if not at:
            path, weight = text, "1"
        kind, colon, rest = path.partition(":")
        if not colon or kind not in ("photos", "pairs", "frames"):
            rest, kind = path, "pairs" if (Path(path) / "blur").is_dir() else "photos"
        try:
            return cls(cast(SourceKind, kind), rest, float(weight))
        except ValueError as error:
            raise ConfigError(
                f"{text!r}: the weight after '@' must be a number, not {weight!r}"
            ) from error


@dataclass(frozen=True)
class TrainingConfig:
    """One run. `crop` is in pixels, `ema` the decay of the averaged weights per step.

    `start_from` is a checkpoint whose averaged weights the run begins with. The learning rate
    rises over `warmup` steps and falls to zero along a cosine. Without sources for
    `validation`, those of the training are validated on, with other crops and other blur.
    """

    preset: str
    architecture: str
    arguments: Mapping[str, Any]
    sources: tuple[SourceConfig, ...]
    validation: tuple[SourceConfig, ...] = ()
    start_from: str | None = None
    loss: LossName = "l1"
    steps: int = 10_000
    batch: int = 8
    crop: int = 160
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    warmup: int = 200
    ema: float = 0.999
    clip_gradient: float = 1.0
    precision: TrainingPrecision = "bf16"
    channels_last: bool = True
    value_range: tuple[float, float] = (0.0, 1.0)
    seed: int = 0
    workers: int = 0
    validate_every: int = 1000
    checkpoint_every: int = 250
    recipe: BlurRecipe = field(default_factory=BlurRecipe)

    def __post_init__(self) -> None:
        """Raises ConfigError for what cannot be trained."""
        for name in ("steps", "batch", "crop", "validate_every", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not self.sources:
            raise ConfigError("there is nothing to learn from: name a folder with --data")
        for source in (*self.sources, *self.validation):
            if not 0 < source.weight < math.inf:
                raise ConfigError(
                    f"{source.path}: a weight must be a number above 0, not {source.weight}"
                )
        if not 0 <= self.ema < 1:
            raise ConfigError(f"ema must lie in [0, 1), not {self.ema}")

    def to_json(self) -> str:
        """JSON that `from_json` reads."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "TrainingConfig":
        """Read what `to_json` wrote. Raises ConfigError naming a field that is wrong."""
        try:
            fields = json.loads(text)
            for name in ("sources", "validation"):
                fields[name] = tuple(SourceConfig(**source) for source in fields[name])
            recipe: dict[str, Any] = fields["recipe"]
            ranges = {name: tuple(v) for name, v in recipe.items() if isinstance(v, list)}
            fields["recipe"] = BlurRecipe(**{**recipe, **ranges})
            fields["value_range"] = tuple(fields["value_range"])
            return cls(**fields)
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigError(f"the training configuration cannot be read: {error}") from error

"""What defines a training run: frozen, saved as JSON beside its checkpoints."""

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

from deblur.errors import ConfigError
from deblur.limits import Count, Limits, Natural, Positive, check_limits
from deblur.synthesis.recipe import BlurRecipe
from deblur.training.fields import read_fields
from deblur.training.tree import kind_of

SourceKind = Literal["photos", "pairs", "frames", "gopro"]
Split = Literal["train", "validation", "test"]
TrainingPrecision = Literal["fp32", "bf16", "fp16"]
LossName = Literal[
    "l1",
    "l2",
    "psnr",
    "charbonnier",
    "perceptual",
    "colour",
    "gradient",
    "frequency",
    "contrast",
]

_RETIRED = {"distill_from", "distill_weight"}
"""Fields of older checkpoints: a teacher, which no run has any more."""


@dataclass(frozen=True)
class SourceConfig:
    """A folder, or an archive made by `pack`, to learn from, and how often it is drawn.

    `photos`: sharp pictures, to be blurred by synthesis. `pairs`: subfolders `blur` and
    `sharp` with files of the same names. `frames`: consecutive sharp frames of a fast clip,
    averaged in the way of the GoPro dataset. `gopro`: the official layout of that dataset.
    `split` keeps one share of it, 7:2:1, by hash of the scene; None keeps all.
    """

    kind: SourceKind
    path: str
    weight: float = 1.0
    split: Split | None = None

    @classmethod
    def parse(cls, text: str) -> "SourceConfig":
        """Read `[KIND:]PATH[@WEIGHT]`; without a kind, the folder's content decides it.

        Raises ConfigError when it is not of that form.
        """
        path, weight = text, 1.0
        head, at, tail = text.rpartition("@")
        if at and not Path(text.partition(":")[2] or text).exists() and not Path(text).exists():
            try:
                path, weight = head, float(tail)
            except ValueError as error:
                raise ConfigError(
                    f"{text!r}: there is no such path, and the weight after '@' must be a "
                    f"number, not {tail!r}"
                ) from error
        kind, colon, rest = path.partition(":")
        if not colon or kind not in get_args(SourceKind):
            if len(kind) > 1 and colon and not Path(path).exists():
                raise ConfigError(
                    f"{text!r}: {kind!r} is no kind of data; there are: "
                    f"{', '.join(get_args(SourceKind))}"
                )
            rest, kind = path, kind_of(Path(path))
        return cls(cast(SourceKind, kind), rest, weight)


@dataclass(frozen=True)
class Augmentation:
    """What is done to both pictures of a pair alike; every field can be switched off.

    `rotation` is the largest angle in degrees and `zoom` the largest change of scale as a
    share, both drawn evenly on either side of none; no border is ever invented. `shift` lets
    crops lie anywhere instead of in the middle. `flip` mirrors left and right, `turns` turns
    by multiples of 90 degrees, `channels` permutes red, green and blue.
    """

    shift: bool = True
    flip: bool = True
    turns: bool = True
    channels: bool = False
    rotation: Annotated[float, Limits(0, 180, "[]")] = 0.0
    zoom: Annotated[float, Limits(0, 1)] = 0.0

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "augmentation.")


@dataclass(frozen=True)
class Perceptual:
    """The network whose features the perceptual loss compares, at one named layer.

    `network` is any timm name; `layer` a VGG layer as `block3_conv3`, or a stage as `stage2`;
    `weights` a safetensors or PyTorch file, None for timm's own from the Hub.
    """

    network: str = "vgg16"
    layer: str = "block3_conv3"
    weights: str | None = None


@dataclass(frozen=True)
class Adversarial:
    """A critic to fool, beside the losses: `weight` times its verdict is added to them.

    `bce` is the classic game, with a sigmoid on the critic; `wgan-gp` Wasserstein's, with
    neither sigmoid nor batch normalisation, `critic_steps` steps of the critic for one of the
    generator, and a gradient `penalty`. The first `after` steps are played without the critic.
    """

    objective: Literal["bce", "wgan-gp"] = "bce"
    normalisation: Literal["batch", "spectral", "none"] = "batch"
    sigmoid: bool = True
    weight: Positive = 0.01
    critic_steps: Count = 1
    penalty: Annotated[float, Limits(0)] = 10.0
    learning_rate: Positive = 1e-4
    after: Natural = 0

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits, and pairings that cannot work."""
        check_limits(self, "adversarial.")
        if self.objective == "wgan-gp" and (self.sigmoid or self.normalisation == "batch"):
            raise ConfigError(
                "adversarial: wgan-gp measures a distance, so its critic must not end in a "
                "sigmoid, and its penalty is per picture, which batch normalisation mixes: "
                "set sigmoid to false and normalisation to none or spectral"
            )
        if self.objective == "bce" and not self.sigmoid:
            raise ConfigError("adversarial: bce compares probabilities: set sigmoid to true")


@dataclass(frozen=True)
class Optimizer:
    """How steps are taken: any timm optimiser by `name`; `clip` is the largest gradient norm."""

    name: str = "muon"
    learning_rate: Positive = 2e-3
    weight_decay: Annotated[float, Limits(0)] = 0.0
    clip: Annotated[float, Limits(0, brackets="(]")] = 1.0

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "optimizer.")


@dataclass(frozen=True)
class Schedule:
    """The learning rate over the run, after a linear rise over `warmup` steps.

    `cosine` falls to zero at the end. `plateau` multiplies by `factor` whenever more than
    `patience` validations in a row brought nothing better; `stop_after` of them in a row end
    the run, under either schedule (0: never).
    """

    kind: Literal["cosine", "plateau"] = "cosine"
    warmup: Natural = 200
    factor: Annotated[float, Limits(0, 1, "(]")] = 0.5
    patience: Natural = 3
    stop_after: Natural = 0

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "schedule.")


@dataclass(frozen=True)
class CropStage:
    """From the share `start` of the run on, `batch` crops of `side` pixels a step."""

    start: Annotated[float, Limits(0, 1)]
    side: Count
    batch: Count

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "crops: ")


@dataclass(frozen=True)
class TrainingConfig:
    """One run. `ema` is the decay of the averaged weights per step, 0 for none.

    `steps` counts optimiser steps over all processes together; a step sees `crops`' batch.
    `start_from` names the weights to begin with: a checkpoint, a catalog name, a file or a
    Hub repository. Otherwise `encoder` is where a generator's encoder learned from ImageNet:
    a file of timm's weights, or `hub`. With `keep_identity` SRCNN and the U-Nets hold the weights
    still that carry the picture through. `revive` starts features anew that never fire in the
    weights that a run begins with, `centred` steps about the mean of what each layer sees, so
    that they go on firing (see `revive_` and `Centring`). Without sources for `validation` the
    run's own are validated on, other crops and other blur; `split_where_needed` keeps a share of
    them for it.
    `general` is a set that fine-tuning must not forget: weights are not kept as the best when
    the gain on it has fallen by more than `forgetting` dB since the first validation.
    """

    model: str
    architecture: str
    arguments: Mapping[str, Any]
    sources: tuple[SourceConfig, ...]
    preset: str = "fast"
    validation: tuple[SourceConfig, ...] = ()
    general: tuple[SourceConfig, ...] = ()
    forgetting: Annotated[float, Limits(0)] = 0.1
    start_from: str | None = None
    encoder: str | None = None
    keep_identity: bool = False
    revive: bool = False
    centred: bool = False
    losses: Mapping[LossName, float] = field(default_factory=lambda: {"psnr": 1.0})
    perceptual: Perceptual = Perceptual()
    adversarial: Adversarial | None = None
    augmentation: Augmentation = Augmentation()
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()
    steps: Count = 10_000
    crops: tuple[CropStage, ...] = (CropStage(0.0, 160, 8),)
    ema: Annotated[float, Limits(0, 1)] = 0.999
    precision: TrainingPrecision = "bf16"
    channels_last: bool = True
    compile: bool = False
    value_range: tuple[float, float] = (0.0, 1.0)
    seed: Natural = 0
    workers: Natural = 0
    skip_bad: bool = False
    validate_every: Count = 1000
    validation_pictures: Count = 64
    checkpoint_every: Count = 250
    recipe: BlurRecipe = field(default_factory=BlurRecipe)

    def __post_init__(self) -> None:
        """Raises ConfigError for what cannot be trained."""
        check_limits(self)
        if not self.sources:
            raise ConfigError("there is nothing to learn from: name a folder with --data")
        for source in (*self.sources, *self.validation, *self.general):
            if not 0 < source.weight < math.inf:
                raise ConfigError(
                    f"{source.path}: a weight must be a number above 0, not {source.weight}"
                )
        if not -math.inf < self.value_range[0] < self.value_range[1] < math.inf:
            raise ConfigError(
                f"value_range: expected [lowest, highest], not {list(self.value_range)}"
            )
        if self.keep_identity and self.optimizer.weight_decay:
            raise ConfigError(
                "keep_identity: weight decay would move the weights that are held still: "
                "set optimizer.weight_decay to 0"
            )
        self._check_crops()
        self._check_losses()

    def _check_crops(self) -> None:
        starts = [stage.start for stage in self.crops]
        if not starts or starts[0] != 0 or starts != sorted(set(starts)):
            raise ConfigError(f"crops must start at 0 and rise below 1, not at {starts}")

    def _check_losses(self) -> None:
        unknown = [name for name in self.losses if name not in get_args(LossName)]
        if unknown or not self.losses:
            known = ", ".join(get_args(LossName))
            raise ConfigError(f"losses: {unknown or 'none given'}; there are: {known}")
        if any(not 0 < weight < math.inf for weight in self.losses.values()):
            raise ConfigError(f"losses: weights must be above 0, not {dict(self.losses)}")

    def stage_at(self, step: int) -> CropStage:
        """The crops of a step."""
        return [stage for stage in self.crops if stage.start * self.steps <= step][-1]

    def split_where_needed(self) -> "TrainingConfig":
        """The same run; without a validation set of its own it learns from a share of its data."""
        if self.validation:
            return self
        return dataclasses.replace(
            self,
            sources=tuple(dataclasses.replace(each, split="train") for each in self.sources),
            validation=tuple(
                dataclasses.replace(each, split="validation") for each in self.sources
            ),
        )

    def to_json(self) -> str:
        """JSON that `from_json` reads."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> "TrainingConfig":
        """Read what `to_json` wrote. Raises ConfigError naming a field that is wrong."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise ConfigError(f"the training configuration is not JSON: {error}") from error
        return read_fields(cls, without_retired(fields))


def without_retired(fields: Any) -> Any:
    """The fields of a configuration that still mean something; older ones have more."""
    if not isinstance(fields, Mapping):
        return fields
    return {name: value for name, value in fields.items() if name not in _RETIRED}

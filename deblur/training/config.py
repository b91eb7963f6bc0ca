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
    """What is done to both pictures of a pair alike; no border is ever invented."""

    shift: bool = True
    """Crops may lie anywhere, instead of in the middle."""
    flip: bool = True
    """Mirror left and right."""
    turns: bool = True
    """Turn by multiples of 90 degrees."""
    channels: bool = False
    """Permute red, green and blue."""
    rotation: Annotated[float, Limits(0, 180, "[]")] = 0.0
    """Largest angle to either side, in degrees, in [0, 180]."""
    zoom: Annotated[float, Limits(0, 1)] = 0.0
    """Largest change of scale to either side, as a share, in [0, 1)."""

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "augmentation.")


@dataclass(frozen=True)
class Perceptual:
    """The network whose features the perceptual loss compares, at one named layer."""

    network: str = "vgg16"
    """Any timm name."""
    layer: str = "block3_conv3"
    """A VGG layer as `block3_conv3`, or a stage of another network as `stage2`."""
    weights: str | None = None
    """A safetensors or PyTorch file; None for timm's own from the Hub."""


@dataclass(frozen=True)
class Adversarial:
    """A critic to learn against, beside the losses."""

    objective: Literal["bce", "wgan-gp"] = "bce"
    """`bce` with a sigmoid on the critic; `wgan-gp` without sigmoid and batch normalisation."""
    normalisation: Literal["batch", "spectral", "none"] = "batch"
    """Normalisation of the critic's layers."""
    sigmoid: bool = True
    """Whether the critic ends in a sigmoid."""
    weight: Positive = 0.01
    """Factor of the critic's verdict, which is added to the losses; above 0."""
    critic_steps: Count = 1
    """Steps of the critic for one of the generator, at least 1."""
    penalty: Annotated[float, Limits(0)] = 10.0
    """Factor of the gradient penalty of `wgan-gp`, at least 0."""
    learning_rate: Positive = 1e-4
    """The critic's learning rate, above 0."""
    after: Natural = 0
    """Steps before the critic joins, at least 0."""

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
    """How steps are taken."""

    name: str = "muon"
    """Any timm optimiser."""
    learning_rate: Positive = 2e-3
    """The highest of the run, above 0."""
    weight_decay: Annotated[float, Limits(0)] = 0.0
    """At least 0."""
    clip: Annotated[float, Limits(0, brackets="(]")] = 1.0
    """The largest gradient norm, above 0; infinity for no limit."""

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "optimizer.")


@dataclass(frozen=True)
class Schedule:
    """The learning rate over the run, after a linear rise."""

    kind: Literal["cosine", "plateau"] = "cosine"
    """`cosine` falls to zero at the end; `plateau` falls when validations bring nothing better."""
    warmup: Natural = 200
    """Steps of the linear rise, at least 0."""
    factor: Annotated[float, Limits(0, 1, "(]")] = 0.5
    """What `plateau` multiplies the rate by, in (0, 1]."""
    patience: Natural = 3
    """`plateau` waits for more than this number of validations in a row without a better one."""
    stop_after: Natural = 0
    """This number of validations in a row without a better one ends the run; 0: never."""

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "schedule.")


@dataclass(frozen=True)
class CropStage:
    """The crops of a step, from a point of the run on."""

    start: Annotated[float, Limits(0, 1)]
    """The point, as a share of the run, in [0, 1)."""
    side: Count
    """Side of the crops, in px."""
    batch: Count
    """Crops in a step, over all processes."""

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "crops: ")


@dataclass(frozen=True)
class TrainingConfig:
    """One run."""

    model: str
    """Name of the model, for its description."""
    architecture: str
    """A name of `deblur.networks.ARCHITECTURES`."""
    arguments: Mapping[str, Any]
    """The architecture's arguments."""
    sources: tuple[SourceConfig, ...]
    """What the run learns from; at least one."""
    preset: str = "fast"
    """The preset that the configuration began with."""
    validation: tuple[SourceConfig, ...] = ()
    """What is validated on; without it, other crops and other blur of the run's own sources.

    `split_where_needed` keeps a share of the sources for it.
    """
    general: tuple[SourceConfig, ...] = ()
    """A set that fine-tuning must not forget."""
    forgetting: Annotated[float, Limits(0)] = 0.1
    """Weights are not kept as the best when the gain on `general` has fallen by more, in dB."""
    start_from: str | None = None
    """Weights to begin with: a checkpoint, a catalog name, a file or a Hub repository."""
    encoder: str | None = None
    """ImageNet weights of a generator's encoder: a file of timm's weights, or `hub`."""
    keep_identity: bool = False
    """Hold the weights of SRCNN and the U-Nets still that carry the picture through."""
    revive: bool = False
    """Start features anew that never fire in the weights that the run begins with."""
    centred: bool = False
    """Step about the mean of what each layer sees, so that features go on firing."""
    losses: Mapping[LossName, float] = field(default_factory=lambda: {"psnr": 1.0})
    """Factors of the losses, by name; their sum is minimised."""
    perceptual: Perceptual = Perceptual()
    """The network of the perceptual loss."""
    adversarial: Adversarial | None = None
    """The critic; None for none."""
    augmentation: Augmentation = Augmentation()
    """What is done to both pictures of a pair."""
    optimizer: Optimizer = Optimizer()
    """How steps are taken."""
    schedule: Schedule = Schedule()
    """The learning rate over the run."""
    steps: Count = 10_000
    """Optimiser steps over all processes together."""
    crops: tuple[CropStage, ...] = (CropStage(0.0, 160, 8),)
    """Stages of crops, in order of their starts."""
    ema: Annotated[float, Limits(0, 1)] = 0.999
    """Decay of the averaged weights in a step, in [0, 1); 0 for no average."""
    precision: TrainingPrecision = "bf16"
    """What the network learns at."""
    channels_last: bool = True
    """Memory layout of the network."""
    compile: bool = False
    """Compile the network with torch.compile."""
    value_range: tuple[float, float] = (0.0, 1.0)
    """What the network takes black and white for."""
    seed: Natural = 0
    """Seed of everything random."""
    workers: Natural = 0
    """Processes that load data."""
    skip_bad: bool = False
    """Leave out files that cannot be used, and count them."""
    validate_every: Count = 1000
    """Steps between two validations."""
    validation_pictures: Count = 64
    """Number of crops that a validation measures."""
    checkpoint_every: Count = 250
    """Steps between two checkpoints."""
    recipe: BlurRecipe = field(default_factory=BlurRecipe)
    """How the blur of photos is drawn."""

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

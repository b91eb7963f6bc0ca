"""The recipes that a run can be started with by name, and how they become a configuration."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from deblur.errors import ConfigError
from deblur.networks import carries_picture
from deblur.spec import ModelSpec
from deblur.training.config import SourceConfig, TrainingConfig, without_retired
from deblur.training.data.folders import gopro_variant
from deblur.training.data.split import items_of
from deblur.training.fields import read_fields
from deblur.training.learning.schedule import shortened

PresetName = Literal["seed", "fast", "fine-tune"]

_SEED: Mapping[str, Any] = {
    "losses": {"l1": 1.0},
    "optimizer": {"name": "adam", "learning_rate": 1e-4, "clip": math.inf},
    "schedule": {"kind": "plateau", "warmup": 0, "factor": 0.5, "patience": 3, "stop_after": 12},
    "crops": [{"start": 0.0, "side": 256, "batch": 16}],
    "augmentation": {"turns": False, "rotation": 15.0, "zoom": 0.1},
    "ema": 0.0,
    "precision": "fp32",
    "channels_last": False,
}
_FAST: Mapping[str, Any] = {
    "losses": {"psnr": 1.0},
    "optimizer": {"name": "muon", "learning_rate": 2e-3},
    "schedule": {"kind": "cosine", "warmup": 100},
    "crops": [
        {"start": 0.0, "side": 128, "batch": 12},
        {"start": 0.4, "side": 160, "batch": 8},
        {"start": 0.8, "side": 224, "batch": 4},
    ],
    "augmentation": {"channels": True},
    "centred": True,
}
PRESETS: Mapping[PresetName, Mapping[str, Any]] = {
    "seed": _SEED,
    "fast": _FAST,
    "fine-tune": {
        **_FAST,
        "optimizer": {"name": "muon", "learning_rate": 2e-4},
        "crops": [{"start": 0.0, "side": 160, "batch": 8}],
        "steps": 2000,
        "validate_every": 200,
    },
}
SEED_EPOCHS = 100


def _preset_fields(name: PresetName, spec: ModelSpec) -> dict[str, Any]:
    """The fields that a preset sets for a model, as `read_fields` takes them.

    GANs get the published critic and its game; `fast` holds still what carries the picture.
    """
    fields = {
        "preset": name,
        "model": spec.name,
        "architecture": spec.architecture,
        "arguments": dict(spec.arguments),
        "value_range": list(spec.value_range),
        "keep_identity": name == "fast" and carries_picture(spec.architecture),
        **PRESETS[name],
    }
    if spec.architecture.startswith("gan"):
        fields["adversarial"] = {}
    return fields


def build_config(
    name: PresetName, spec: ModelSpec, photos: int | None, changes: Mapping[str, Any]
) -> TrainingConfig:
    """A configuration from a preset and what is to differ from it.

    `changes` may be nested as the configuration is: what it does not name stays. `photos` is
    the size of the training set, which the epochs of `seed` count in. Raises ConfigError,
    naming the field, for what is misspelt or out of range.
    """
    fields = merge(_preset_fields(name, spec), without_retired(changes))
    if "bf16" not in spec.precisions and not fields["keep_identity"]:
        fields.setdefault("precision", "fp32")  # held still, it would be exact at bf16, too
    if name == "seed" and photos and "steps" not in changes:
        epoch = math.ceil(photos / fields["crops"][0]["batch"])
        fields = merge({"steps": SEED_EPOCHS * epoch, "validate_every": epoch}, fields)
    told, steps = changes.get("schedule", {}), fields.get("steps", TrainingConfig.steps)
    if isinstance(told, Mapping) and "warmup" not in told and isinstance(steps, int):
        schedule = fields["schedule"]
        fields["schedule"] = {**schedule, "warmup": shortened(schedule["warmup"], steps)}
    if name == "fine-tune" and not fields.get("start_from"):
        raise ConfigError("fine-tuning starts from a model: name one with --init-from")
    return read_fields(TrainingConfig, fields)


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`changes` over `base`, field by field; lists and the losses are replaced as a whole."""
    merged = dict(base)
    for name, value in changes.items():
        old = merged.get(name)
        nested = isinstance(old, Mapping) and isinstance(value, Mapping) and name != "losses"
        merged[name] = merge(old, value) if nested else value  # type: ignore[arg-type]
    return merged


def describe(config: TrainingConfig) -> dict[str, str]:
    """A run in words, for people and model cards: names of properties, and their values."""
    optimizer, recipe = config.optimizer, config.recipe
    crops = ", then ".join(f"{stage.batch} crops of {stage.side} px" for stage in config.crops)
    losses = " + ".join(f"{weight:g} {name}" for name, weight in config.losses.items())
    total = sum(source.weight for source in config.sources)
    told = {
        "preset": config.preset,
        "data": ", ".join(
            f"{source.weight / total:.0%} {_source(source)}" for source in config.sources
        ),
        "batch": crops,
        "loss": losses,
        "optimiser": f"{optimizer.name}, learning rate {optimizer.learning_rate:g}, "
        f"{config.schedule.kind} over {config.steps:,} steps, EMA {config.ema:g}, "
        f"{config.precision}{', centred' if config.centred else ''}",
        "synthesis": (
            f"in linear light ({recipe.linear_response:.0%} as stored): up to "
            f"{recipe.length[1]:g} px of shake, {recipe.varying:.0%} of it varying over the "
            f"picture, {recipe.burst:.0%} of it in frames of a clip, {recipe.moving:.0%} with "
            f"things that move, {recipe.defocused:.0%} out of focus, {recipe.soft:.0%} soft, "
            f"{recipe.sharp:.0%} sharp; {recipe.shallow:.0%} with a backdrop and {recipe.lens:.0%} "
            f"through a lens that stay soft; noise on {recipe.noisy:.0%}, "
            f"JPEG on {recipe.compressed:.0%}"
        ),
    }
    if "perceptual" in config.losses:
        told["perceptual loss"] = (
            f"features of {config.perceptual.network}, {config.perceptual.layer}"
        )
    if config.start_from:
        anew = ", features that never fire anew" if config.revive else ""
        told["started from"] = _by_name(config.start_from) + anew
    if config.adversarial:
        told["critic"] = ", ".join(
            f"{key} {value}" for key, value in asdict(config.adversarial).items()
        )
    return told


def _by_name(weights: str) -> str:
    path = Path(weights)
    return f"`{path.name if path.suffix else weights}`"


def _source(source: SourceConfig) -> str:
    """A source in words; of GoPro which blur it is, where the dataset lies on this machine."""
    name = f"{source.kind} `{Path(source.path).name}`"
    if source.kind != "gopro" or not Path(source.path).exists():
        return name
    return f"{name} ({gopro_variant(Path(source.path))})"


def count_photos(config: TrainingConfig) -> int:
    """How many photos, pairs and frames a run learns from."""
    return sum(len(items_of(source)) for source in config.sources)

"""Tiny training runs: photos, pairs and a configuration that takes a fraction of a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from deblur.synthesis.recipe import BlurRecipe
from deblur.training.config import (
    CropStage,
    Optimizer,
    Schedule,
    SourceConfig,
    TrainingConfig,
)
from tests.pictures import scene


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread, which is the fastest for such small crops."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def make_photos(folder: Path, count: int = 3, side: int = 100) -> Path:
    """Sharp scenes, `side` high and a fifth wider."""
    folder.mkdir(parents=True)
    for seed in range(count):
        Image.fromarray(scene(side, side * 6 // 5, seed=seed)).save(folder / f"{seed}.png")
    return folder


def make_pairs(folder: Path, count: int = 3) -> Path:
    """Pairs whose blurred picture is the sharp one, darker: easy to learn."""
    for seed in range(count):
        for kind, factor in (("sharp", 1.0), ("blur", 0.5)):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            picture = (scene(100, 120, seed=seed) * factor).astype(np.uint8)
            Image.fromarray(picture).save(folder / kind / f"{seed}.png")
    return folder


def tiny_run(*sources: SourceConfig, **changes: object) -> TrainingConfig:
    """Six steps of SRCNN on two crops of 24 pixels."""
    tiny = TrainingConfig(
        model="srcnn",
        architecture="srcnn",
        arguments={},
        sources=sources,
        validation=sources,
        losses={"l1": 1.0},
        optimizer=Optimizer("adamw", 1e-3),
        schedule=Schedule(warmup=2),
        steps=6,
        crops=(CropStage(0.0, 24, 2),),
        precision="fp32",
        validate_every=100,
        validation_pictures=4,
        checkpoint_every=3,
        recipe=BlurRecipe(length=(1, 8), defocus=(0.5, 1.0)),
    )
    return replace(tiny, **changes)  # type: ignore[arg-type]

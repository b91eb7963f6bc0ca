"""Small datasets and tasks that tests of the harness run on."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.datasets import Dataset, open_dataset
from benchmarks.methods import MethodChoice
from benchmarks.running.shards import Task
from tests.pictures import scene

QUICK = ("psnr", "ssim", "brisque")


def write_pairs(root: Path, count: int = 6) -> Path:
    """Pairs of 48 x 64: the blurred one is the sharp one, some values a few steps off."""
    for part in ("blur", "sharp"):
        (root / part).mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        sharp = scene(48, 64, seed=seed)
        noise = np.random.default_rng(seed).integers(-8, 9, sharp.shape)
        blurred = (sharp.astype(int) + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(sharp).save(root / "sharp" / f"{seed}.png")
        Image.fromarray(blurred).save(root / "blur" / f"{seed}.png")
    return root


def pairs_dataset(root: Path, count: int = 6) -> Dataset:
    return open_dataset("pairs", write_pairs(root, count))


def task(dataset: Dataset, model: str = "unsharp-mask", **changes: object) -> Task:
    choice = MethodChoice(model, **changes)  # type: ignore[arg-type]
    return Task(choice, dataset, dataset.protocol, QUICK)

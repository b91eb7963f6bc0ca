"""One blurred picture as several models restore it, with scores and a map of the errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import Dataset
from deblur.image_io import DecodedImage, decode_image, write_image
from deblur.language import say
from deblur.quality import psnr, ssim
from leaderboard.errors import ComparisonError

Restore = Callable[[str, Path], Path]
"""From a model's name and a blurred photo's file to a file with the restored photo."""

MIN_MODELS, MAX_MODELS = 2, 4
ERROR_GAIN = 4
"""An error map shows the mean absolute error of a pixel's channels, times this factor."""


@dataclass(frozen=True)
class Panel:
    """A picture that is shown beside others: its file, its sides, and what is known of it."""

    title: str
    picture: Path
    width: int
    height: int
    scores: Mapping[str, float] = field(default_factory=dict)
    errors: Path | None = None


def compare(
    dataset: Dataset, id: str, models: Sequence[str], restore: Restore, folder: Path
) -> list[Panel]:
    """The blurred picture `id`, what each model makes of it, and the sharp one if there is one.

    Files for a browser are written into `folder`. Raises ComparisonError for fewer than MIN_MODELS
    or more than MAX_MODELS models and for a picture that the dataset does not have.
    """
    check_count(models)
    item = next((each for each in dataset.items if each.id == id), None)
    if item is None:
        raise ComparisonError(
            say("{dataset} has no picture {id}", dataset=dataset.name, id=repr(id))
        )
    sharp = decode_image(item.sharp) if item.sharp else None
    files = {"blurred": item.blurred, **{name: restore(name, item.blurred) for name in models}}
    panels = [
        _panel(name, decode_image(file), sharp, folder / f"{number}")
        for number, (name, file) in enumerate(files.items())
    ]
    return panels + ([_panel("sharp", sharp, None, folder / "sharp")] if sharp else [])


def check_count(models: Sequence[str]) -> None:
    """Raise ComparisonError for fewer than MIN_MODELS or more than MAX_MODELS models."""
    if not MIN_MODELS <= len(models) <= MAX_MODELS:
        raise ComparisonError(
            say(
                "{count} models are chosen; choose {fewest} to {most}",
                count=len(models),
                fewest=MIN_MODELS,
                most=MAX_MODELS,
            )
        )


def items_of(dataset: Dataset) -> list[str]:
    """The ids that can be chosen."""
    return [item.id for item in dataset.items]


def _panel(title: str, image: DecodedImage, sharp: DecodedImage | None, stem: Path) -> Panel:
    picture = stem.with_suffix(".png")
    write_image(image, picture)
    if sharp is None or sharp.pixels.shape != image.pixels.shape:
        return Panel(title, picture, image.width, image.height)
    peak = float(np.iinfo(sharp.pixels.dtype).max)
    scores = {
        "PSNR": psnr(image.pixels, sharp.pixels, peak=peak),
        "SSIM": ssim(image.pixels, sharp.pixels, peak=peak),
    }
    errors = stem.with_suffix(".errors.png")
    write_image(DecodedImage(error_map(image.pixels, sharp.pixels), None, "png"), errors)
    return Panel(title, picture, image.width, image.height, scores, errors)


def error_map(restored: NDArray[np.integer], sharp: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Two pictures of one shape (H, W, C) -> (H, W, 1), 8 bits; black where they are equal."""
    peak = np.iinfo(sharp.dtype).max
    apart = np.abs(restored.astype(np.float64) - sharp).mean(-1, keepdims=True) / peak
    return np.asarray((apart * ERROR_GAIN * 255).clip(0, 255).round().astype(np.uint8))

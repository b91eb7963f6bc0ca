"""Photos out of focus, made from sharp ones: how much each model brings back, by radius."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import open_dataset
from benchmarks.datasets.out_of_focus import out_of_focus
from benchmarks.errors import DatasetError
from deblur.image_io import INPUT_SUFFIXES, DecodedImage, decode_image
from deblur.image_io.pixels import rounded_to_8_bit
from deblur.quality import psnr
from deblur.restorer import Restorer

RADII = (0.0, 1.5, 2.5, 3.5)
"""Of the disc, in pixels; at 0 the photo is in focus and only has the noise."""
_PEAK = 255

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class FocusGain:
    """Mean PSNR in dB of the blurred photos, and what a model gains over it."""

    model: str
    radius: float
    blurred: float
    gain: float
    photos: int


def measure_focus(
    models: Sequence[str], folder: Path | None = None, seed: int = 0
) -> Iterator[FocusGain]:
    """Each model at each of RADII, on the sharp photos of a folder [those that are embedded].

    Photons are drawn from the seed. Raises DatasetError when the folder holds no photo, ImageError
    for one that cannot be read.
    """
    sharp = _sharp_of(folder) if folder else _embedded()
    made = {radius: _set(sharp, radius, seed) for radius in RADII}
    for name in models:
        restorer = Restorer.open(name, engine="onnx", device="cpu")
        for radius, blurred in made.items():
            before = [psnr(each, to, peak=_PEAK) for each, to in zip(blurred, sharp, strict=True)]
            after = [
                psnr(_restored(restorer, each), to, peak=_PEAK)
                for each, to in zip(blurred, sharp, strict=True)
            ]
            gain = float(np.mean(after) - np.mean(before))
            yield FocusGain(name, radius, float(np.mean(before)), gain, len(sharp))


def _embedded() -> list[Pixels]:
    """The sharp photos of `mini`, each once."""
    dataset = open_dataset("mini")
    first = {item.sharp: item for item in dataset.items}
    loaded = [dataset.load(item).sharp for item in first.values()]
    return [_eight_bit(each) for each in loaded if each is not None]


def _sharp_of(folder: Path) -> list[Pixels]:
    paths = sorted(each for each in folder.glob("*") if each.suffix.lower() in INPUT_SUFFIXES)
    if not paths:
        raise DatasetError(f"{folder} holds no photo; name a folder with sharp ones")
    return [_eight_bit(decode_image(path)) for path in paths]


def _eight_bit(image: DecodedImage) -> Pixels:
    return np.asarray(rounded_to_8_bit(image.pixels), np.uint8)


def _set(sharp: Sequence[Pixels], radius: float, seed: int) -> list[Pixels]:
    random = np.random.default_rng([seed, round(10 * radius)])
    return [out_of_focus(each, radius, random) for each in sharp]


def _restored(restorer: Restorer, pixels: Pixels) -> Pixels:
    return np.asarray(restorer.restore(DecodedImage(pixels, None, "PNG")).pixels, np.uint8)

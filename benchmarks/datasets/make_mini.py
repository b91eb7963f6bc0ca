"""Make the embedded datasets again: `python -m benchmarks.datasets.make_mini`.

The sharp photos come with scikit-image (extra `bench`) and are free to distribute. Each is blurred
in every way of `KINDS` by our synthesis, with a seed of its own, in double precision, so that no
processor's rounding shows in eight bits.
"""

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.datasets import MINI, MINI_FOCUS, MINI_WIDE, layouts
from benchmarks.datasets.manifest import FOLDER, make_manifest, write_manifest
from benchmarks.datasets.out_of_focus import out_of_focus
from deblur.synthesis.blur import draw_blur
from deblur.synthesis.pairs import synthesize
from deblur.synthesis.recipe import BlurRecipe

SOURCE = Path(str(files("skimage"))) / "data"
PHOTOS = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg")
SIDE = 448
"""The middle of each photo is taken, a square of at most this side, in pixels."""
BORDER = 24
"""Pixels that are cut off at every edge, where the blur reaches into what was made up."""

_PLAIN = BlurRecipe(sharp=0, moving=0, defocused=0, soft=0, noisy=0, compressed=0)
_HAND = replace(_PLAIN, exposure=(0.02, 0.1))
KINDS: Mapping[str, BlurRecipe] = {
    "shake": replace(_HAND, length=(5.0, 9.0), varying=1),
    "strong": replace(_PLAIN, length=(15.0, 24.0), exposure=(0.05, 0.4), varying=1),
    "moving": replace(_HAND, length=(3.0, 24.0), moving=1),
    "defocus": replace(_PLAIN, length=(0.0, 0.0), still=1, defocused=1, defocus=(1.5, 3.5)),
    "rough": replace(
        _HAND,
        length=(5.0, 12.0),
        soft=0.5,
        noisy=1,
        photons=(2e3, 1e4),
        compressed=1,
        jpeg_quality=(70.0, 90.0),
    ),
}

RADII = (1.5, 2.5, 3.5)
"""Of the discs of `mini-focus`, in pixels."""

_SHAKEN = replace(_PLAIN, exposure=(0.05, 0.4), varying=1, noisy=1, photons=(3e3, 3e3))
_DEFOCUSED = replace(_SHAKEN, length=(0.0, 0.0), still=1, defocused=1)
WIDE_KINDS: Mapping[str, BlurRecipe] = {
    "shake40px": replace(_SHAKEN, length=(40.0, 40.0)),
    "shake60px": replace(_SHAKEN, length=(60.0, 60.0)),
    "defocus6px": replace(_DEFOCUSED, defocus=(6.0, 6.0)),
    "defocus9px": replace(_DEFOCUSED, defocus=(9.0, 9.0)),
    "defocus13px": replace(_DEFOCUSED, defocus=(13.0, 13.0)),
}
WIDE_BORDER = 40
"""Pixels, for blur that reaches farther."""


def blurred_and_sharp(
    photo: Image.Image, recipe: BlurRecipe, seed: int, border: int = BORDER
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A photo as a camera would have taken it, and the sharp one: uint8, border cut off."""
    side = min(*photo.size, SIDE)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    middle = np.array(photo.convert("RGB"))[top : top + side, left : left + side]
    pixels = torch.from_numpy(middle).permute(2, 0, 1).double() / 255
    blur = draw_blur(recipe, np.random.default_rng(seed), side)
    pair = synthesize(pixels[None], [blur])
    inner = slice(border, -border)
    blurred, sharp = (
        (each[0, :, inner, inner].permute(1, 2, 0) * 255).round().byte().numpy() for each in pair
    )
    return blurred, sharp


def make_mini(folder: Path) -> None:
    """Write all pairs into `folder/blur` and `folder/sharp`.

    Blurs of a photo share its sharp picture, but for those with things that pass by in it.
    """
    for part in ("blur", "sharp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(PHOTOS):
        photo = Image.open(SOURCE / name)
        for index, kind in enumerate(KINDS):
            blurred, sharp = blurred_and_sharp(photo, KINDS[kind], 100 * number + index)
            stem = Path(name).stem
            _save(blurred, folder / "blur" / f"{stem}-{kind}.webp")
            own = f"{stem}-{kind}" if KINDS[kind].moving else stem
            _save(sharp, folder / "sharp" / f"{own}.webp")


def make_mini_focus(folder: Path) -> None:
    """Write the sharp photos of `mini` and what lenses out of focus give of them."""
    for part in ("blur", "sharp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, stem in enumerate(Path(name).stem for name in PHOTOS):
        sharp = np.array(Image.open(MINI / "sharp" / f"{stem}.webp"))
        _save(sharp, folder / "sharp" / f"{stem}.webp")
        for radius in RADII:
            random = np.random.default_rng([number, round(10 * radius)])
            blurred = out_of_focus(sharp, radius, random)
            _save(blurred, folder / "blur" / f"{stem}-{radius}px.webp")


def make_mini_wide(folder: Path) -> None:
    """Write the photos of `mini` with blur that reaches farther than most networks see."""
    for part in ("blur", "sharp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(PHOTOS):
        photo, stem = Image.open(SOURCE / name), Path(name).stem
        for index, (kind, recipe) in enumerate(WIDE_KINDS.items()):
            seed = 1000 + 100 * number + index
            blurred, sharp = blurred_and_sharp(photo, recipe, seed, WIDE_BORDER)
            _save(blurred, folder / "blur" / f"{stem}-{kind}.webp")
            _save(sharp, folder / "sharp" / f"{stem}.webp")


def _save(pixels: NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(pixels).save(path, lossless=True, quality=90, method=4)


if __name__ == "__main__":
    make_mini(MINI)
    make_mini_focus(MINI_FOCUS)
    make_mini_wide(MINI_WIDE)
    for made in (MINI, MINI_FOCUS, MINI_WIDE):
        manifest = make_manifest(made.name, layouts.shared_sharp(made).items)
        write_manifest(manifest, FOLDER / f"{made.name}.json")

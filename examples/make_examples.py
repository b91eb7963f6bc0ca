"""Make the example photos again: `python examples/make_examples.py WALLPAPERS`.

WALLPAPERS is the folder of photos of Debian's package lomiri-wallpapers-16.04; the coffee comes
with scikit-image (extra `bench`). All are sharp, and are blurred by `deblur.synthesis` with a fixed
seed. A thumbnail shows its photo as it comes, and on the right as `deblur restore` gives it back.
"""

import argparse
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from deblur import restore
from deblur.synthesis.blur import draw_blur
from deblur.synthesis.pairs import synthesize
from deblur.synthesis.recipe import BlurRecipe

EXAMPLES = Path(__file__).parent
BROWSER = EXAMPLES.parent / "browser"
COFFEE = Path(str(files("skimage"))) / "data" / "coffee.png"
CARD, THUMBNAIL = (1200, 630), (400, 300)
SHAKEN: dict[str, Any] = {
    "sharp": 0,
    "exposure": (0.02, 0.06),
    "moving": 0,
    "defocused": 0,
    "soft": 0,
    "noisy": 0,
    "compressed": 0,
}
OUT_OF_FOCUS: dict[str, Any] = {**SHAKEN, "length": (1, 2), "defocused": 1, "still": 1}
PRINT = (
    "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in "
    "my purse, and nothing particular to interest me on shore, I thought I would sail about a "
    "little and see the watery part of the world. It is a way I have of driving off the spleen and "
    "regulating the circulation. Whenever I find myself growing grim about the mouth; whenever it "
    "is a damp, drizzly November in my soul; whenever I find myself involuntarily pausing before "
    "coffin warehouses, and bringing up the rear of every funeral I meet; then, I account it high "
    "time to get to sea as soon as I can. This is my substitute for pistol and ball. There is "
    "nothing surprising in this. If they but knew it, almost all men in their degree, some time or "
    "other, cherish very nearly the same feelings towards the ocean with me."
)
"""Herman Melville, Moby-Dick (1851), in the public domain."""


def printed() -> Image.Image:
    """A page of print, drawn twice as large and made smaller, so that its letters are smooth."""
    page = Image.new("RGB", (2480, 1880), "#f6f3ea")
    draw, top = ImageDraw.Draw(page), 130
    draw.text((150, top), "Chapter 1. Loomings.", "#22201d", ImageFont.load_default(88))
    font, left, right = ImageFont.load_default(50), 150, 2320
    x, top = left, 330
    for word in PRINT.split():
        width = round(draw.textlength(f"{word} ", font))
        if x + width > right:
            x, top = left, top + 82
        draw.text((x, top), word, "#22201d", font)
        x += width
    return page.reduce(2)


def blurred(sharp: Image.Image, recipe: BlurRecipe, seed: int) -> Image.Image:
    """A photo as a camera would have taken it, without the border that is made up."""
    pixels = torch.from_numpy(np.array(sharp.convert("RGB"))).permute(2, 0, 1).float() / 255
    blur = draw_blur(recipe, np.random.default_rng(seed), max(sharp.size))
    made = synthesize(pixels[None], [blur], recipe.margin)[0][0].permute(1, 2, 0)
    return Image.fromarray((made * 255).round().byte().numpy())


def examples(wallpapers: Path) -> Iterator[tuple[str, Image.Image]]:
    """The photos by name."""
    stream = (
        Image.open(wallpapers / "life_by_Aitzol_Berasategi.jpg")
        .reduce(2)
        .crop((120, 60, 1380, 1028))
    )
    yield "stream", blurred(stream, BlurRecipe(**SHAKEN, length=(15.0, 16.0)), 8)
    fig = Image.open(wallpapers / "Picture_0B_by_freespace.jpg").crop((760, 340, 2060, 1340))
    yield "fig", blurred(fig, BlurRecipe(**OUT_OF_FOCUS, defocus=(4.6, 4.7)), 1)
    yield "print", blurred(printed(), BlurRecipe(**SHAKEN, length=(7.0, 8.0)), 2)
    coffee = Image.open(COFFEE)
    yield "coffee", blurred(coffee, BlurRecipe(**SHAKEN, length=(9.0, 11.0)), 3)


def half_restored(photo: Path, size: tuple[int, int], corner: tuple[float, float]) -> Image.Image:
    """A part of a photo, on its left as it came, on its right restored, pixel by pixel.

    `corner` is where the part begins, in shares of what is left over in width and height.
    """
    before = Image.open(photo).convert("RGB")
    after = Image.fromarray(restore(photo).array)
    grown = max(1.0, size[0] / before.width, size[1] / before.height)
    width, height = (round(side / grown) for side in size)
    left, top = (
        round((whole - part) * share)
        for whole, part, share in zip(before.size, (width, height), corner, strict=True)
    )
    parts = [
        each.crop((left, top, left + width, top + height)).resize(size, Image.Resampling.LANCZOS)
        for each in (before, after)
    ]
    middle = size[0] // 2
    parts[1].paste(parts[0].crop((0, 0, middle, size[1])), (0, 0))
    parts[1].paste("white", (middle - 2, 0, middle + 2, size[1]))
    return parts[1]


def main() -> None:
    """Write every example beside this script, its thumbnail, and the picture of a shared link."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wallpapers", type=Path)
    for name, photo in examples(parser.parse_args().wallpapers):
        photo.save(EXAMPLES / f"{name}.jpg", quality=92, subsampling=0)
    thumbnails = BROWSER / "examples"
    thumbnails.mkdir(exist_ok=True)
    looked_at = {
        "stream": (0.5, 0.5),
        "fig": (0.62, 0.4),
        "print": (0.05, 0.3),
        "coffee": (0.95, 0.75),
    }
    for name, corner in looked_at.items():
        thumbnail = half_restored(EXAMPLES / f"{name}.jpg", THUMBNAIL, corner)
        thumbnail.save(thumbnails / f"{name}.jpg", quality=86)
    card = half_restored(EXAMPLES / "stream.jpg", CARD, (0.5, 0.5))
    card.save(BROWSER / "card.jpg", quality=86)


if __name__ == "__main__":
    main()

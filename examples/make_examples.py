"""Make the example photos again: `python examples/make_examples.py`.

The photos come with scikit-image (extra `bench`). The clock was blurred by a real camera and is
copied as it is; the others are sharp, and are blurred by `deblur.synthesis` with a fixed seed.
"""

import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from deblur import restore
from deblur.synthesis.blur import draw_blur
from deblur.synthesis.pairs import synthesize
from deblur.synthesis.recipe import BlurRecipe

SOURCE = Path(str(files("skimage"))) / "data"
EXAMPLES = Path(__file__).parent
RECIPE = BlurRecipe(
    sharp=0,
    length=(9.0, 11.0),
    exposure=(0.02, 0.06),
    moving=0,
    defocused=0,
    soft=0,
    noisy=0,
    compressed=0,
)
CARD = (1200, 630)
SEEDS = {"coffee.png": 3, "chelsea.png": 1, "rocket.jpg": 7}


def shaken(sharp: Image.Image, seed: int) -> Image.Image:
    """A photo as a shaking hand would have taken it, without the border that is made up."""
    pixels = torch.from_numpy(np.array(sharp.convert("RGB"))).permute(2, 0, 1).float() / 255
    blur = draw_blur(RECIPE, np.random.default_rng(seed), max(sharp.size))
    blurred = synthesize(pixels[None], [blur], RECIPE.margin)[0][0].permute(1, 2, 0)
    return Image.fromarray((blurred * 255).round().byte().numpy())


def card(blurred: Path) -> Image.Image:
    """The picture of a shared link: a photo, on its left as it came, on its right restored."""
    before = Image.open(blurred).convert("RGB")
    after = Image.fromarray(restore(blurred, model="residual-unet-m").array)
    middle = before.width // 2
    both = after.copy()
    both.paste(before.crop((0, 0, middle, before.height)), (0, 0))
    height = round(both.width * CARD[1] / CARD[0])
    top = (both.height - height) // 2
    grown = both.crop((0, top, both.width, top + height)).resize(CARD, Image.Resampling.LANCZOS)
    grown.paste("white", (CARD[0] // 2 - 2, 0, CARD[0] // 2 + 2, CARD[1]))
    return grown


def main() -> None:
    """Write every example beside this script, and the picture of a shared link."""
    shutil.copy(SOURCE / "clock_motion.png", EXAMPLES / "clock.png")
    for name, seed in SEEDS.items():
        blurred = shaken(Image.open(SOURCE / name), seed)
        blurred.save((EXAMPLES / name).with_suffix(".jpg"), quality=92, subsampling=0)
    card(EXAMPLES / "chelsea.jpg").save(EXAMPLES.parent / "browser" / "card.jpg", quality=88)


if __name__ == "__main__":
    main()

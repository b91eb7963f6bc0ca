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

from deblur.synthesis.pairs import BlurRecipe, synthesize

SOURCE = Path(str(files("skimage"))) / "data"
EXAMPLES = Path(__file__).parent
RECIPE = BlurRecipe(length=(9.0, 11.0), kernel_size=25, noisy=0.0, compressed=0.0)
SEEDS = {"coffee.png": 3, "chelsea.png": 1, "rocket.jpg": 7}


def blur(sharp: Image.Image, seed: int) -> Image.Image:
    """A photo as a shaking hand would have taken it, without the border that is made up."""
    pixels = torch.from_numpy(np.array(sharp.convert("RGB"))).permute(2, 0, 1).float() / 255
    blurred = synthesize(pixels[None], RECIPE, torch.Generator().manual_seed(seed))[0]
    border = RECIPE.kernel_size
    inner = blurred[:, border:-border, border:-border].permute(1, 2, 0)
    return Image.fromarray((inner * 255).round().byte().numpy())


def main() -> None:
    """Write every example beside this script."""
    shutil.copy(SOURCE / "clock_motion.png", EXAMPLES / "clock.png")
    for name, seed in SEEDS.items():
        blurred = blur(Image.open(SOURCE / name), seed)
        blurred.save((EXAMPLES / name).with_suffix(".jpg"), quality=92, subsampling=0)


if __name__ == "__main__":
    main()

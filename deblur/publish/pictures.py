"""The pictures of a model card: how the run went, and what the model does for a photo."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from deblur.errors import UnsupportedImageError
from deblur.files import replacing
from deblur.image_io import decode_image
from deblur.image_io.decoded import DecodedImage
from deblur.restorer import Restorer
from deblur.synthesis.blur import draw_blur
from deblur.synthesis.pairs import synthesize
from deblur.synthesis.recipe import BlurRecipe

CROP = 224
MODERATE = BlurRecipe(
    sharp=0, length=(6, 12), exposure=(0.02, 0.05), moving=0, defocused=0, soft=0, noisy=0,
    compressed=0,
)  # fmt: skip


def draw_curve(history: Sequence[Mapping[str, float]], path: Path) -> None:
    """Write the gain of each validation, in dB over the blurred input, against the steps."""
    with mpl.rc_context({"font.size": 9, "svg.hashsalt": "deblur"}):
        figure = Figure(figsize=(5, 2.6), layout="constrained")
        axes = figure.subplots()
        steps = [record["step"] for record in history]
        axes.plot(steps, [record["gain"] for record in history], label="validation")
        if "general" in history[0]:
            axes.plot(steps, [record["general"] for record in history], label="general set")
            axes.legend()
        axes.axhline(0, color="grey", linewidth=0.8)
        axes.set_xlabel("step")
        axes.set_ylabel("gain (dB)")
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=120, metadata={"Software": None})


def draw_crops(photos: Sequence[Path], restorer: Restorer, path: Path) -> None:
    """Write a sheet: blurred over restored over sharp, one column a photo, at 100 %.

    The photos are sharp ones; their middle is blurred by synthesis, 6 to 12 px of shake drawn
    by their place in the list. Raises ImageError for what is no photo or too small.
    """
    columns = [_column(photo, number, restorer) for number, photo in enumerate(photos)]
    with replacing(path) as temporary:
        Image.fromarray(np.concatenate(columns, 1)).save(temporary, optimize=True)


def _column(photo: Path, number: int, restorer: Restorer) -> NDArray[np.uint8]:
    pixels = _rgb_8_bit(decode_image(photo.read_bytes()).pixels)
    margin = MODERATE.margin
    side = CROP + 2 * margin
    if min(pixels.shape[:2]) < side:
        raise UnsupportedImageError(
            f"{photo} is {pixels.shape[1]}x{pixels.shape[0]}; a photo to show before and after "
            f"needs {side} pixels a side: choose a larger one"
        )
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    middle = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    light = torch.from_numpy(middle).permute(2, 0, 1)[None] / 255
    blur = draw_blur(MODERATE, np.random.default_rng(number), side)
    blurred = _pixels(synthesize(light, [blur])[0])
    restored = restorer.restore(DecodedImage(blurred, None, "png")).pixels
    inner = slice(margin, margin + CROP)
    return np.concatenate([each[inner, inner] for each in (blurred, restored, middle)])


def _rgb_8_bit(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    depth = np.iinfo(pixels.dtype).max
    values = np.round(pixels.astype(np.float32) * (255 / depth)).astype(np.uint8)
    return np.broadcast_to(values, (*values.shape[:2], 3))


def _pixels(picture: torch.Tensor) -> NDArray[np.uint8]:
    return np.asarray((picture[0] * 255).round().byte().permute(1, 2, 0).numpy())

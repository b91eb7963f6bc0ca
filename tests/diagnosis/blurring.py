"""Photos under a blur that is known."""

import numpy as np
import torch

from deblur.image_io import DecodedImage
from deblur.synthesis.blur import Blur
from deblur.synthesis.pairs import synthesize
from deblur.synthesis.psf import render_path


def blurred(image: DecodedImage, kernel: np.ndarray, photons: float = 0.0) -> DecodedImage:
    light = torch.from_numpy(image.pixels.copy()).permute(2, 0, 1)[None].double() / 255
    made, _ = synthesize(light, [Blur(0, kernel=kernel, photons=photons)])
    return image.with_pixels((made[0].permute(1, 2, 0) * 255).round().byte().numpy())


def line(length: float, angle: float) -> np.ndarray:
    along = np.linspace(-length / 2, length / 2, 64)
    turned = np.radians(angle)
    return render_path(np.stack([along * np.cos(turned), -along * np.sin(turned)], 1))

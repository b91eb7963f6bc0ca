"""What the sensor and the file do to light."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from deblur.synthesis.blur import Blur
from deblur.synthesis.camera import brighten_highlights, jpeg, noise_of
from deblur.synthesis.pairs import synthesize
from tests.pictures import scene
from tests.synthesis.samples import photos, rms, seeded


def test_highlights_are_boosted_and_the_rest_is_not() -> None:
    light = torch.tensor([0.2, 0.85, 1.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    boosted = brighten_highlights(light, torch.tensor([4.0]))[0, 0, 0]
    torch.testing.assert_close(boosted, torch.tensor([0.2, 0.85, 4.0]))


def test_noise_has_the_variance_of_its_photons_and_electronics() -> None:
    light = torch.full((1, 3, 200, 200), 0.5)
    noisy = light + noise_of(light, 1000.0, 0.01, seeded(10))
    assert noisy.mean().item() == pytest.approx(0.5, abs=1e-3)
    assert noisy.var().item() == pytest.approx(0.5 / 1000 + 0.01**2, rel=0.03)


def test_grain_that_is_kept_is_the_same_in_the_sharp_picture() -> None:
    sharp = photos(1)
    grainy = Blur(seed=3, photons=1000.0, read_noise=0.01)
    noisy, clean = synthesize(sharp, [grainy])
    same, kept = synthesize(sharp, [replace(grainy, grain_kept=True)])
    torch.testing.assert_close(same, noisy)
    torch.testing.assert_close(kept, noisy)
    assert rms(noisy - clean) > 0.01


@pytest.mark.parametrize("quality", [30, 60, 90])
@pytest.mark.parametrize("side", [64, 75])
def test_jpeg_loses_what_a_real_jpeg_loses(quality: int, side: int) -> None:
    sharp = scene(side, side)
    stream = io.BytesIO()
    Image.fromarray(sharp).save(stream, "JPEG", quality=quality)
    real = torch.from_numpy(np.array(Image.open(stream))).permute(2, 0, 1)[None] / 255
    original = torch.from_numpy(sharp).permute(2, 0, 1)[None] / 255
    ours = jpeg(original, torch.tensor([float(quality)]))
    assert rms(ours - real) < 0.35 * rms(real - original)
    assert rms(ours - original) == pytest.approx(rms(real - original), rel=0.1)


def test_every_photo_of_a_batch_gets_its_own_quality() -> None:
    sharp = photos(1).repeat(2, 1, 1, 1)
    low, high = jpeg(sharp, torch.tensor([10.0, 95.0]))
    assert rms(low - sharp[0]) > 2 * rms(high - sharp[0])

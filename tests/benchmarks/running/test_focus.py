"""Photos out of focus are blurred as light is, and a model's gain is counted by radius."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.datasets.out_of_focus import PHOTONS, out_of_focus
from benchmarks.errors import DatasetError
from benchmarks.running.focus import RADII, measure_focus
from benchmarks.tables import focus_table
from deblur.color import linear_to_srgb
from deblur.image_io import write_image
from tests.pictures import photo


def test_a_lamp_becomes_a_disc_of_light() -> None:
    dark = np.zeros((41, 41, 3), np.uint8)
    dark[20, 20] = 255
    blurred = out_of_focus(dark, 3.5, np.random.default_rng(0))
    y, x, _ = np.nonzero(blurred)
    assert 3 <= np.hypot(y - 20, x - 20).max() <= 4.5
    level = float(linear_to_srgb(np.array(1 / (np.pi * 3.5**2)))) * 255
    assert abs(np.median(blurred[19:22, 19:22]) - level) < 6


def test_in_focus_there_is_only_the_noise_of_its_photons() -> None:
    white = np.full((200, 200, 1), 188, np.uint8)
    noisy = out_of_focus(white, 0, np.random.default_rng(1)).astype(float)
    assert abs(noisy.mean() - 188) < 0.5
    light = 0.5029
    slope = (linear_to_srgb(np.array(light + 0.01)) - linear_to_srgb(np.array(light))) / 0.01
    expected = float(slope) * np.sqrt(light / PHOTONS) * 255
    assert abs(noisy.std() - expected) < 0.1 * expected


def test_the_specialist_brings_back_what_the_default_does_not(tmp_path: Path) -> None:
    write_image(photo(160, 200), tmp_path / "a.png")
    models = ["residual-unet-xs", "residual-unet-xs-focus"]
    found = [*measure_focus(models, tmp_path)]
    assert [each.radius for each in found] == [*RADII] * 2
    general, special = (
        sum(each.gain for each in found if each.model == model and each.radius) for model in models
    )
    assert special > general + 1
    assert focus_table(found).row_count == 3


def test_a_folder_without_photos_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no photo"):
        next(measure_focus(["srcnn"], tmp_path))

"""The pictures of a model card."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deblur.errors import UnsupportedImageError
from deblur.publish.pictures import CROP, draw_crops
from deblur.restorer import Restorer
from tests.pictures import scene


def test_photos_stand_beside_each_other_blurred_restored_and_sharp(tmp_path: Path) -> None:
    for seed in range(2):
        Image.fromarray(scene(300, 320, seed=seed)).save(tmp_path / f"{seed}.png")
    grey = scene(300, 320)[..., 1].astype(np.uint16) * 257
    Image.fromarray(grey).save(tmp_path / "grey.png")
    restorer = Restorer.open("srcnn", engine="onnx", threads=1)
    names = ("0.png", "1.png", "grey.png")
    draw_crops([tmp_path / name for name in names], restorer, tmp_path / "crops.png")
    with Image.open(tmp_path / "crops.png") as sheet:
        assert sheet.size == (3 * CROP, 3 * CROP)
        sharp = np.asarray(sheet)[-CROP:, -CROP:]
    middle = scene(300, 320)[(300 - CROP) // 2 :, (320 - CROP) // 2 :, 1][:CROP, :CROP]
    np.testing.assert_array_equal(sharp, np.repeat(middle[..., None], 3, axis=2))
    Image.fromarray(scene(200, 320)).save(tmp_path / "small.png")
    with pytest.raises(UnsupportedImageError, match=r"small\.png is 320x200"):
        draw_crops([tmp_path / "small.png"], restorer, tmp_path / "crops.png")

"""What the camera adds is what real cameras' software adds."""

import io

import pytest
import torch
from PIL import Image

from deblur.synthesis.camera import quantisation_tables


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_at_every_quality_the_tables_are_those_of_libjpeg(dtype: torch.dtype) -> None:
    qualities = range(1, 101)
    luma, chroma = quantisation_tables(torch.tensor(qualities, dtype=dtype))
    for row, quality in enumerate(qualities):
        stream = io.BytesIO()
        Image.new("RGB", (16, 16)).save(stream, "JPEG", quality=quality)
        theirs = Image.open(stream).quantization
        assert luma[row].tolist() == [*theirs[0]], quality
        assert chroma[row].tolist() == [*theirs[1]], quality

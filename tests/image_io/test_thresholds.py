"""Where a decision turns on a number: profiles that hardly matter, and alpha that is zero."""

import struct
import warnings

import imagecodecs
import numpy as np
import pytest

from deblur.image_io import DecodedImage, decode_image
from deblur.image_io.metadata.colour import profile_changes_colours
from deblur.image_io.pixels import divided_by_alpha
from tests.image_io.files import again, smooth, srgb


def with_green_gamma(gamma: float) -> bytes:
    """sRGB, but for the exponent of green, which is 2.4 there."""
    profile = bytearray(srgb())
    entry = profile.index(b"gTRC")
    (curve,) = struct.unpack_from(">I", profile, entry + 4)
    assert profile[curve : curve + 4] == b"para"
    struct.pack_into(">i", profile, curve + 12, round(gamma * 65536))
    return bytes(profile)


@pytest.mark.parametrize(
    ("gamma", "steps", "changes"), [(2.4, 0, False), (2.425, 1, False), (2.443, 2, True)]
)
def test_a_profile_changes_colours_from_two_steps_of_eight_bits(
    gamma: float, steps: int, changes: bool
) -> None:
    profile = with_green_gamma(gamma)
    levels = np.arange(0, 256, 15)
    linear = np.where(levels > 10, ((levels / 255 + 0.055) / 1.055) ** gamma, levels / 255 / 12.92)
    shown = np.rint(255 * (1.055 * linear ** (1 / 2.4) - 0.055))
    assert abs(shown - levels)[levels > 10].max() == steps, "by the formula of the curve"
    assert profile_changes_colours(profile, 3) == changes
    stripped = again(DecodedImage(smooth(3), None, "PNG", profile), strip_metadata=True)
    assert (stripped.icc_profile is not None) == changes


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_was_multiplied_by_an_alpha_of_zero_is_black(dtype: type[np.integer]) -> None:
    """And an alpha of one leaves black or full light. Nothing is divided by zero."""
    top = np.iinfo(dtype).max
    stored = np.array([[[0, 0, 0, 0], [0, 1, 1, 1], [top, top, top, top]]], dtype)
    data = imagecodecs.tiff_encode(stored, photometric="rgb", extrasample="assocalpha")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded = decode_image(data)
    assert decoded.pixels.tolist() == [[[0, 0, 0], [0, top, top], [top, top, top]]]
    assert decoded.alpha is not None
    assert decoded.alpha.tolist() == [[0, 1, top]]


def test_light_under_an_alpha_of_zero_stays_in_range() -> None:
    """No file should say so; one that does is neither undefined nor wrapped around."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        divided = divided_by_alpha(np.full((1, 1, 3), 200, np.uint8), np.zeros((1, 1), np.uint8))
    assert divided.tolist() == [[[255, 255, 255]]]

"""sRGB encoding and linear light. Blur is light that adds up, so it happens in linear light."""

from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from deblur.errors import OutputError
from deblur.language import say

Values = TypeVar("Values", bound=Any)
"""A floating NumPy array or torch tensor: only operators are used, so both work."""

_ROWS = 256
"""Rows that are blended at once, which bounds the memory."""


def srgb_to_linear(encoded: Values) -> Values:
    """Decode sRGB values into linear light, any shape, both in [0, 1] (IEC 61966-2-1)."""
    dark = encoded <= 0.04045
    bright = (abs(encoded + 0.055) / 1.055) ** 2.4
    return cast(Values, dark * (encoded / 12.92) + ~dark * bright)


def linear_to_srgb(linear: Values) -> Values:
    """Encode linear light as sRGB values, any shape, both in [0, 1] (IEC 61966-2-1)."""
    dark = linear <= 0.0031308
    bright = 1.055 * abs(linear) ** (1 / 2.4) - 0.055
    return cast(Values, dark * (linear * 12.92) + ~dark * bright)


def check_strength(strength: float) -> None:
    """Raise OutputError for what is not in percent: a `strength` that `blended` does not take."""
    if not 0 <= strength <= 100:
        raise OutputError(
            say("the strength is {strength}; give one from 0 to 100 percent", strength=strength)
        )


def blended(before: NDArray[Any], after: NDArray[Any], strength: float) -> NDArray[Any]:
    """Two pictures of one shape, mixed in linear light: `strength` percent of `after`.

    Both are uint8 or uint16, sRGB-encoded over the whole range; so is the result.
    """
    if strength >= 100:
        return after
    share, peak = strength / 100, int(np.iinfo(after.dtype).max)
    linear = srgb_to_linear(np.arange(peak + 1, dtype=np.float64) / peak).astype(np.float32)
    mixed = np.empty_like(after)
    for start in range(0, len(after), _ROWS):
        rows = slice(start, start + _ROWS)
        light = (1 - share) * linear[before[rows]] + share * linear[after[rows]]
        mixed[rows] = np.rint(linear_to_srgb(light) * peak)
    return mixed

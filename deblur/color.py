"""sRGB encoding and linear light. Blur is light that adds up, so it happens in linear light."""

from typing import Any, TypeVar, cast

Values = TypeVar("Values", bound=Any)
"""A floating NumPy array or torch tensor: only operators are used, so both work."""


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

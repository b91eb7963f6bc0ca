import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deblur.color import blended, linear_to_srgb, srgb_to_linear


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=50))
def test_encoding_undoes_decoding(values: list[float]) -> None:
    encoded = np.array(values)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(encoded)), encoded, atol=2e-6)


def test_known_points_of_the_standard() -> None:
    encoded = np.array([0.0, 0.04045, 0.5, 188 / 255, 1.0])
    light = np.array([0.0, 0.0031308, 0.214041, 0.502886, 1.0])
    np.testing.assert_allclose(srgb_to_linear(encoded), light, atol=1e-5)


def test_arrays_and_tensors_agree() -> None:
    values = np.linspace(0, 1, 101, dtype=np.float32)
    tensor = srgb_to_linear(torch.from_numpy(values))
    np.testing.assert_allclose(tensor.numpy(), srgb_to_linear(values), atol=1e-6)
    assert tensor.dtype == torch.float32


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_blend_of_nothing_and_of_all_is_one_of_the_two(dtype: type[np.uint8]) -> None:
    values = np.linspace(0, np.iinfo(dtype).max, 600 * 3).astype(dtype).reshape(600, 1, 3)
    other = values[::-1].copy()
    np.testing.assert_array_equal(blended(values, other, 0), values)
    np.testing.assert_array_equal(blended(values, other, 100), other)


def test_light_is_mixed_and_not_its_code() -> None:
    black, white = np.zeros((300, 2, 3), np.uint8), np.full((300, 2, 3), 255, np.uint8)
    assert np.unique(blended(black, white, 50)).tolist() == [188]
    assert np.unique(blended(black, white, 25)).tolist() == [137]

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from deblur.color import linear_to_srgb, srgb_to_linear


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

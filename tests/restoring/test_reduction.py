"""A photo restored at a part of its size."""

import numpy as np
import pytest

from deblur.backends.base import Batch
from deblur.image_io import decode_image
from deblur.quality import psnr
from deblur.restorer import Restorer
from deblur.restoring.reduction import reduced, sharpened
from deblur.restoring.tiled_network import TiledNetwork
from deblur.synthesis.psf import aperture
from tests.diagnosis.blurring import blurred
from tests.diagnosis.test_diagnosis import SHARP
from tests.pictures import photo
from tests.restoring.networks import SPEC, Halve, Identity


class Noting(Identity):
    """Keeps the sizes of the tiles that it sees."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int]] = []

    def run(self, batch: Batch) -> Batch:
        self.sizes.append((batch.shape[2], batch.shape[3]))
        return batch


@pytest.mark.parametrize("reduction", [2, 4])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(150, 230), (7, 300)])
def test_what_a_network_leaves_alone_stays_to_the_bit(
    reduction: int, channels: int, size: tuple[int, int]
) -> None:
    image = photo(*size, channels)
    restored = Restorer(TiledNetwork(SPEC, Identity())).restore(image, reduction=reduction)
    np.testing.assert_array_equal(restored.pixels, image.pixels)


@pytest.mark.parametrize("reduction", [1, 2, 4])
def test_a_network_sees_the_part_that_is_asked_for(reduction: int) -> None:
    seen = Noting()
    network = TiledNetwork(SPEC, seen, tile=0)
    multiple = reduction * SPEC.size_multiple
    Restorer(network).restore(photo(8 * multiple, 12 * multiple), reduction=reduction)
    assert seen.sizes == [(8 * SPEC.size_multiple, 12 * SPEC.size_multiple)]


@pytest.mark.parametrize("reduction", [2, 4])
def test_tiles_at_a_part_of_the_size_leave_no_seam(reduction: int) -> None:
    image = photo(700, 900)
    tiled = Restorer(TiledNetwork(SPEC, Halve()))
    assert len(tiled.plan(700, 900, reduction)) > 2
    whole = Restorer(TiledNetwork(SPEC, Halve(), tile=0)).restore(image, reduction=reduction)
    got = tiled.restore(image, reduction=reduction)
    assert np.abs(got.pixels.astype(int) - whole.pixels).max() <= 1


@pytest.mark.parametrize("reduction", [2, 4])
def test_a_change_stays_where_it_belongs(reduction: int) -> None:
    """A bright dot of the reduced picture is enlarged about its own centre."""
    picture, small = np.zeros((64, 64, 1), np.float32), np.zeros((1, 1, 64, 64), np.float32)
    small = reduced(small, reduction)[0].transpose(1, 2, 0)
    dot = small.copy()
    dot[5, 3] = 1
    changed = sharpened(picture, small, dot)[..., 0]
    rows, columns = np.mgrid[:64, :64]
    centre = [(changed * at).sum() / changed.sum() for at in (rows, columns)]
    expected = [(place + 0.5) * reduction - 0.5 for place in (5, 3)]
    np.testing.assert_allclose(centre, expected, atol=0.1)


@pytest.mark.parametrize("radius", [7.0, 11.0])
def test_wide_defocus_gets_better_when_the_diagnosis_picks(radius: float) -> None:
    sharp = decode_image(SHARP / "astronaut.webp")
    image = blurred(sharp, aperture(radius, 0, 0.0), photons=3000.0)
    restored, report = Restorer.open(engine="onnx", precision="fp32").restore_reported(image)
    assert report.reduction > 1
    assert f"at 1/{report.reduction} of its size" in report.summary()
    inner = slice(24, -24), slice(24, -24)
    before, after = (
        psnr(each.pixels[inner], sharp.pixels[inner], peak=255) for each in (image, restored)
    )
    assert after > before + 1.5

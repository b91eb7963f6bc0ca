"""A photo restored at a part of its size."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PIL import Image

from deblur.backends.base import Batch
from deblur.catalog import GENERAL_MODEL
from deblur.diagnosis import Kind, diagnose
from deblur.diagnosis.summary import summarise
from deblur.errors import CancelledError
from deblur.image_io import decode_image, write_image
from deblur.quality import psnr
from deblur.restorer import Restorer
from deblur.restoring.reduction import reduced, sharpened_bands
from deblur.restoring.tiled_network import TiledNetwork
from deblur.synthesis.psf import aperture
from tests.diagnosis.blurring import blurred
from tests.diagnosis.reports import tile
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
    height, width = 8 * SPEC.size_multiple, 12 * SPEC.size_multiple
    image = photo(reduction * (height - 1) + 1, reduction * width)
    Restorer(network).restore(image, reduction=reduction)
    assert seen.sizes == [(height, width)]


@pytest.mark.parametrize("reduction", [2, 4])
def test_tiles_at_a_part_of_the_size_leave_no_seam(reduction: int) -> None:
    image = photo(700, 900)
    tiled = Restorer(TiledNetwork(SPEC, Halve()))
    assert len(tiled.plan(700, 900, reduction)) > 2
    whole = Restorer(TiledNetwork(SPEC, Halve(), tile=0)).restore(image, reduction=reduction)
    got = tiled.restore(image, reduction=reduction)
    assert np.abs(got.pixels.astype(int) - whole.pixels).max() <= 1


@pytest.mark.parametrize("reduction", [2, 4])
@pytest.mark.parametrize("row", [5, 63, 64])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_change_stays_where_it_belongs(reduction: int, row: int, depth: type) -> None:
    """A bright dot of the reduced picture is enlarged about its own centre, in every band."""
    picture = np.zeros((80 * reduction, 64, 1), depth)
    small = reduced(picture, reduction)
    dot = small.copy()
    dot[row, 3] = 65535
    changed = np.concatenate([*sharpened_bands(picture, small, iter([dot]), reduction)])[..., 0]
    assert changed.shape == picture.shape[:2]
    rows, columns = np.mgrid[: len(picture), :64]
    centre = [(changed * (at * 1.0)).sum() / changed.sum() for at in (rows, columns)]
    expected = [(place + 0.5) * reduction - 0.5 for place in (row, 3)]
    np.testing.assert_allclose(centre, expected, atol=0.1)
    assert changed.max() > 0.7 * np.iinfo(depth).max


@pytest.mark.parametrize("reduction", [2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_bands_of_a_picture_are_those_of_the_whole(reduction: int, channels: int) -> None:
    """Neither the smaller picture nor the enlarged change shows where a band ends."""
    pixels = photo(150 * reduction, 90 * reduction, channels).pixels
    small = reduced(pixels, reduction)
    for channel in range(channels):
        plane = Image.fromarray(pixels[..., channel].astype(np.float32))
        whole = plane.resize((90, 150), Image.Resampling.BICUBIC)
        expected = np.clip(np.asarray(whole), 0, 255)
        np.testing.assert_allclose(small[..., channel] / 257, expected, atol=0.01)
    other = np.clip(small.astype(int) + photo(150, 90, channels).pixels - 128, 0, 65535)
    other = other.astype(np.uint16)
    bands = iter(np.split(other, [1, 40, 66, 68, 149]))
    got = np.concatenate([*sharpened_bands(pixels, small, bands, reduction)])
    for channel in range(channels):
        change = Image.fromarray(((other.astype(np.float32) - small) / 257)[..., channel])
        enlarged = np.asarray(change.resize(pixels.shape[1::-1], Image.Resampling.BICUBIC))
        expected = np.rint(np.clip(pixels[..., channel] + enlarged, 0, 255))
        assert np.abs(got[..., channel] - expected).max() <= 1


@pytest.mark.parametrize("reduction", [1, 2, 4])
@pytest.mark.parametrize("size", [(3, 500), (701, 430)])
@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (3, 16)])
def test_a_file_gets_what_a_picture_gets(
    reduction: int,
    size: tuple[int, int],
    channels: int,
    bits: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file's pixels are written over while they are restored."""
    image = photo(*size, channels)
    if bits == 16:
        image = image.with_pixels(image.pixels.astype(np.uint16) * 257)
    write_image(image, tmp_path / "blurred.png")
    network = TiledNetwork(replace(SPEC, name=GENERAL_MODEL), Halve())
    found = summarise(*size, [tile(Kind.motion), tile(Kind.motion, left=160)], reduction)
    monkeypatch.setattr("deblur.restorer.diagnose", lambda image, threads, reduction: found)
    restorer = Restorer(network, lambda name: TiledNetwork(replace(SPEC, name=name), Halve()))
    report = restorer.restore_file(tmp_path / "blurred.png", tmp_path / "sharp.png", strength=40)
    expected = Restorer(network).restore(image, reduction=reduction, strength=40)
    assert report.reduction == reduction
    assert np.abs(image.pixels.astype(int) - expected.pixels).max() > 20
    np.testing.assert_array_equal(decode_image(tmp_path / "sharp.png").pixels, expected.pixels)


def test_a_widely_blurred_photo_is_cancelled_between_bands() -> None:
    cancel = Event()

    class Last(Identity):
        def run(self, batch: Batch) -> Batch:
            cancel.set()
            return batch

    restorer = Restorer(TiledNetwork(SPEC, Last(), tile=0))
    with pytest.raises(CancelledError):
        restorer.restore(photo(300, 300), reduction=2, cancel=cancel)


@pytest.mark.parametrize("radius", [7.0, 11.0])
def test_wide_defocus_gets_better_when_the_diagnosis_picks(radius: float) -> None:
    sharp = decode_image(SHARP / "astronaut.webp")
    image = blurred(sharp, aperture(radius, 0, 0.0), photons=3000.0)
    restored, report = Restorer.open(engine="onnx", precision="fp32").restore_reported(image)
    assert report.reduction > 1
    assert f"restored at 1/{report.reduction} of its width and height" in report.summary()
    alone = diagnose(restored)
    assert (report.after.kind, report.after.noise) == (alone.kind, alone.noise)
    inner = slice(24, -24), slice(24, -24)
    before, after = (
        psnr(each.pixels[inner], sharp.pixels[inner], peak=255) for each in (image, restored)
    )
    assert after > before + 1.5

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from deblur.backends.base import Backend, Batch
from deblur.catalog import CATALOG
from deblur.errors import CancelledError, NonFiniteOutputError
from deblur.image_io import DecodedImage
from deblur.restorer import Progress, Restorer
from deblur.spec import ModelSpec, Precision, TilingPolicy
from tests.pictures import photo, scene

SPEC = replace(CATALOG["srcnn"], tiling=TilingPolicy(tile=64, halo=4))


class Identity:
    name, device, execution_provider = "fake", "cpu", "a fake"
    precision: Precision = "fp32"
    notes: tuple[str, ...] = ()

    def run(self, batch: Batch) -> Batch:
        return batch

    def at_full_precision(self) -> Backend:
        return self


class Fragile(Identity):
    """Gives `broken` for every bright tile at reduced precision."""

    precision: Precision = "fp16"

    def __init__(self, broken: float) -> None:
        self.broken = broken

    def run(self, batch: Batch) -> Batch:
        bright = batch.mean((1, 2, 3), keepdims=True) > 0.5
        return np.where(bright, np.float32(self.broken), batch)

    def at_full_precision(self) -> Backend:
        return Identity()


@pytest.mark.parametrize("spec", [SPEC, replace(SPEC, value_range=(-1.0, 1.0))])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_identity_network_changes_no_pixel(
    spec: ModelSpec, channels: int, dtype: type[np.uint8]
) -> None:
    image = photo(150, 130, channels)
    image = image.with_pixels(image.pixels.astype(dtype))
    restored = Restorer(spec, Identity()).restore(image)
    assert restored.pixels.dtype == dtype
    np.testing.assert_array_equal(restored.pixels, image.pixels)


def test_linear_light_goes_in_and_srgb_comes_out() -> None:
    class Halve(Identity):
        def run(self, batch: Batch) -> Batch:
            return batch / 2

    image = photo(20, 20).with_pixels(np.full((20, 20, 3), 188, np.uint8))
    restored = Restorer(replace(SPEC, transfer="linear"), Halve()).restore(image)
    assert np.unique(restored.pixels).tolist() == [137]


def test_alpha_and_metadata_pass_untouched() -> None:
    alpha = scene(50, 40, 1)[..., 0]
    image = DecodedImage(scene(50, 40), alpha, "PNG", icc_profile=b"icc", exif=b"exif")
    restored = Restorer(SPEC, Identity()).restore(image)
    assert restored.alpha is alpha
    assert (restored.icc_profile, restored.exif, restored.format) == (b"icc", b"exif", "PNG")


def test_progress_counts_every_tile_to_the_end() -> None:
    seen: list[Progress] = []
    restorer = Restorer(SPEC, Identity())
    restorer.restore(photo(150, 130), on_progress=seen.append)
    assert [step.tiles_done for step in seen] == list(range(1, len(restorer.plan(150, 130)) + 1))
    assert seen[-1].tiles == len(seen)
    assert seen[-1].seconds_left == 0


def test_cancel_stops_before_the_next_tile() -> None:
    cancel, seen = threading.Event(), list[Progress]()

    def stop_at_two(progress: Progress) -> None:
        seen.append(progress)
        if progress.tiles_done == 2:
            cancel.set()

    with pytest.raises(CancelledError):
        Restorer(SPEC, Identity()).restore(photo(300, 300), on_progress=stop_at_two, cancel=cancel)
    assert len(seen) == 2


@pytest.mark.parametrize("broken", [np.nan, np.inf, 7.0])
def test_a_tile_that_goes_wrong_at_reduced_precision_is_run_again(broken: float) -> None:
    pixels = scene(60, 200)
    pixels[:, :100] //= 4
    pixels[:, 100:] = 255 - pixels[:, 100:] // 4
    restored = Restorer(SPEC, Fragile(broken)).restore(photo(60, 200).with_pixels(pixels))
    np.testing.assert_array_equal(restored.pixels, pixels)
    assert "went wrong at fp16 and were run again at fp32" in restored.notes[-1]


def test_nan_at_full_precision_is_an_error() -> None:
    class Broken(Identity):
        def run(self, batch: Batch) -> Batch:
            return batch * np.float32(np.nan)

    with pytest.raises(NonFiniteOutputError, match="weights are no good"):
        Restorer(SPEC, Broken()).restore(photo(20, 20))


def test_threads_share_a_restorer_without_mixing_pictures() -> None:
    restorer = Restorer(SPEC, Identity())
    images = [photo(100 + index, 140, seed=index) for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for image, restored in zip(images, pool.map(restorer.restore, images), strict=True):
            np.testing.assert_array_equal(restored.pixels, image.pixels)


def test_batches_of_tiles_give_what_single_tiles_give() -> None:
    image = photo(200, 170)
    for batch in (1, 3, 100):
        restored = Restorer(SPEC, Identity(), batch=batch).restore(image)
        np.testing.assert_array_equal(restored.pixels, image.pixels)


@pytest.mark.parametrize(("tile", "tiles"), [(None, 16), (0, 1), (128, 4)])
def test_the_tile_can_be_chosen(tile: int | None, tiles: int) -> None:
    assert len(Restorer(SPEC, Identity(), tile=tile).plan(200, 200)) == tiles

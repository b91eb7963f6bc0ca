import itertools
import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deblur.backends.base import ACCELERATOR_BATCH, Backend, Batch
from deblur.catalog import CATALOG
from deblur.errors import CancelledError, NonFiniteOutputError, OutputError, TileError
from deblur.image_io import DecodedImage, write_image
from deblur.language import Language, speaking, spoken_now
from deblur.restorer import Progress, Restorer
from deblur.restoring.tiled_network import SLOW, TiledNetwork
from deblur.spec import ModelSpec, Precision, TilingPolicy
from deblur.tiling import least_tile
from tests.pictures import photo, scene
from tests.restoring.networks import SPEC, Halve, Identity


class Reaching(Identity):
    """Two 5x5 convolutions with something bent between them: it reaches over four pixels."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.batches: list[int] = []
        random = np.random.default_rng(5)
        self._kernels = [np.outer(a, b) for a, b in random.uniform(0, 0.4, (2, 2, 5))]

    def run(self, batch: Batch) -> Batch:
        self.batches.append(len(batch))
        for kernel in self._kernels:
            padded = np.pad(batch, ((0, 0), (0, 0), (2, 2), (2, 2)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), (2, 3))
            batch = np.abs(np.einsum("nchwij,ij->nchw", windows, kernel, optimize=True) - 0.2)
        gains = np.array([0.5, 0.7, 0.9], np.float32)[:, None, None]
        return np.asarray(batch * gains, np.float32)


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
    restored = Restorer(TiledNetwork(spec, Identity())).restore(image)
    assert restored.pixels.dtype == dtype
    np.testing.assert_array_equal(restored.pixels, image.pixels)


def test_linear_light_goes_in_and_srgb_comes_out() -> None:
    image = photo(20, 20).with_pixels(np.full((20, 20, 3), 188, np.uint8))
    restored = Restorer(TiledNetwork(replace(SPEC, transfer="linear"), Halve())).restore(image)
    assert np.unique(restored.pixels).tolist() == [137]


class Whitening(Identity):
    def run(self, batch: Batch) -> Batch:
        return np.ones_like(batch)


def test_the_photo_itself_is_the_rest_of_the_strength() -> None:
    black, restorer = photo(70, 20).with_pixels(np.zeros((70, 20, 3), np.uint8)), Whitening()
    half, report = Restorer(TiledNetwork(SPEC, restorer)).restore_reported(black, strength=50)
    assert np.unique(half.pixels).tolist() == [188]
    assert report.changed == 1
    none, report = Restorer(TiledNetwork(SPEC, restorer)).restore_reported(black, strength=0)
    assert (none.pixels.any(), report.changed) == (False, 0)


@pytest.mark.parametrize("strength", [-1, 100.5, float("nan")])
def test_a_strength_is_in_percent(strength: float) -> None:
    with pytest.raises(OutputError, match="from 0 to 100 percent"):
        Restorer(TiledNetwork(SPEC, Identity())).restore(photo(20, 20), strength=strength)


def test_alpha_and_metadata_pass_untouched() -> None:
    alpha = scene(50, 40, 1)[..., 0]
    image = DecodedImage(scene(50, 40), alpha, "PNG", icc_profile=b"icc", exif=b"exif")
    restored = Restorer(TiledNetwork(SPEC, Identity())).restore(image)
    assert restored.alpha is alpha
    assert (restored.icc_profile, restored.exif, restored.format) == (b"icc", b"exif", "PNG")


def test_progress_counts_every_tile_to_the_end() -> None:
    seen: list[Progress] = []
    restorer = Restorer(TiledNetwork(SPEC, Identity()))
    restorer.restore(photo(150, 130), on_progress=seen.append)
    assert [step.tiles_done for step in seen] == list(range(1, len(restorer.plan(150, 130)) + 1))
    assert seen[-1].tiles == len(seen)
    assert seen[-1].seconds_left == 0


@pytest.mark.parametrize(("tile", "probe"), [(64, 64), (512, 256)])
def test_the_time_of_a_slow_model_is_told_before_its_first_tile(
    monkeypatch: pytest.MonkeyPatch, tile: int, probe: int
) -> None:
    slow = replace(SPEC, tiling=TilingPolicy(tile, halo=4), macs_per_megapixel=SLOW)
    ticks = itertools.count()
    monkeypatch.setattr("deblur.restoring.tiled_network.time.perf_counter", lambda: next(ticks))
    seen: list[Progress] = []
    restorer = Restorer(TiledNetwork(slow, Identity()))
    restorer.restore(photo(600, 500), on_progress=seen.append)
    plan = restorer.plan(600, 500)
    sides = plan.rows.side, plan.columns.side
    parts = len(plan) * math.prod(sides) / math.prod(min(probe, side) for side in sides)
    assert seen[0] == Progress(0, len(plan), parts)
    assert [step.tiles_done for step in seen] == list(range(len(plan) + 1))


def test_cancel_stops_before_the_next_tile() -> None:
    cancel, seen = threading.Event(), list[Progress]()

    def stop_at_two(progress: Progress) -> None:
        seen.append(progress)
        if progress.tiles_done == 2:
            cancel.set()

    with pytest.raises(CancelledError):
        Restorer(TiledNetwork(SPEC, Identity())).restore(
            photo(300, 300), on_progress=stop_at_two, cancel=cancel
        )
    assert len(seen) == 2


@pytest.mark.parametrize("broken", [np.nan, np.inf, 7.0])
def test_a_tile_that_goes_wrong_at_reduced_precision_is_run_again(broken: float) -> None:
    pixels = scene(60, 200)
    pixels[:, :100] //= 4
    pixels[:, 100:] = 255 - pixels[:, 100:] // 4
    restored = Restorer(TiledNetwork(SPEC, Fragile(broken))).restore(
        photo(60, 200).with_pixels(pixels)
    )
    np.testing.assert_array_equal(restored.pixels, pixels)
    assert "went wrong at fp16 and were run again at fp32" in restored.notes[-1]


def test_nan_at_full_precision_is_an_error() -> None:
    class Broken(Identity):
        def run(self, batch: Batch) -> Batch:
            return batch * np.float32(np.nan)

    with pytest.raises(NonFiniteOutputError, match="weights are no good"):
        Restorer(TiledNetwork(SPEC, Broken())).restore(photo(20, 20))
    with speaking(Language.chinese), pytest.raises(NonFiniteOutputError, match="其权重有问题"):
        Restorer(TiledNetwork(SPEC, Broken())).restore(photo(20, 20))


def test_threads_share_a_restorer_without_mixing_pictures() -> None:
    restorer = Restorer(TiledNetwork(SPEC, Identity()))
    images = [photo(100 + index, 140, seed=index) for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for image, restored in zip(images, pool.map(restorer.restore, images), strict=True):
            np.testing.assert_array_equal(restored.pixels, image.pixels)


def test_batches_of_tiles_give_what_single_tiles_give() -> None:
    image = photo(200, 170)
    for batch in (1, 3, 100):
        restored = Restorer(TiledNetwork(SPEC, Identity(), batch=batch)).restore(image)
        np.testing.assert_array_equal(restored.pixels, image.pixels)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 200),
    width=st.integers(1, 200),
    beyond=st.integers(0, 60),
    ramp=st.integers(0, 8),
    multiple=st.sampled_from([1, 4, 8]),
    channels=st.sampled_from([1, 3]),
)
def test_tiles_give_what_the_whole_photo_gives(
    height: int, width: int, beyond: int, ramp: int, multiple: int, channels: int
) -> None:
    policy = TilingPolicy(tile=0, halo=4, ramp=ramp)
    spec = replace(SPEC, tiling=policy, size_multiple=multiple)
    image = photo(height, width, channels)
    tile = least_tile(policy, multiple) + beyond
    whole, tiled = (
        Restorer(TiledNetwork(spec, Reaching(), tile=side)).restore(image) for side in (0, tile)
    )
    difference = np.abs(whole.pixels.astype(int) - tiled.pixels.astype(int))
    assert difference.max() <= 1


def test_the_tile_that_a_refusal_recommends_is_right() -> None:
    image = photo(150, 130)
    for spec in (CATALOG["srcnn"], CATALOG["unet"], CATALOG["residual-unet-xs"]):
        with pytest.raises(TileError) as refused:
            Restorer(TiledNetwork(spec, Identity(), tile=1))
        least = int(str(refused.value).split()[-1])
        restored = Restorer(TiledNetwork(spec, Identity(), tile=least)).restore(image)
        np.testing.assert_array_equal(restored.pixels, image.pixels)


def test_grey_is_the_mean_of_what_the_network_gives() -> None:
    class Tinted(Identity):
        def run(self, batch: Batch) -> Batch:
            shifts = np.array([-0.2, 0.0, 0.05], np.float32)[:, None, None]
            return batch * 0 + np.float32(0.5) + shifts

    restored = Restorer(TiledNetwork(SPEC, Tinted())).restore(photo(20, 20, 1))
    assert np.unique(restored.pixels).tolist() == [round((0.3 + 0.5 + 0.55) / 3 * 255)]


@pytest.mark.parametrize(("device", "most"), [("cpu", 1), ("cuda", ACCELERATOR_BATCH)])
def test_accelerators_get_several_tiles_at_once(device: str, most: int) -> None:
    backend = Reaching(device)
    Restorer(TiledNetwork(SPEC, backend, tile=60)).restore(photo(300, 200))
    assert max(backend.batches) == most
    assert len(backend.batches) > 2


@pytest.mark.parametrize(("value", "again"), [(-0.99, 0), (-1.01, 1), (1.99, 0), (2.01, 1)])
def test_how_far_out_of_range_a_tile_is_suspected(value: float, again: int) -> None:
    bright = photo(20, 20).with_pixels(np.full((20, 20, 3), 200, np.uint8))
    restored = Restorer(TiledNetwork(SPEC, Fragile(value))).restore(bright)
    assert len(restored.notes) == again


def test_seconds_are_counted_from_file_to_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("deblur.restorer.time.perf_counter", lambda: now)

    class Slow(Identity):
        def run(self, batch: Batch) -> Batch:
            nonlocal now
            now += 2.0
            return batch

    def decode(source: bytes | Path, *, max_pixels: int) -> DecodedImage:
        nonlocal now
        now += 0.5
        return photo(20, 20)

    def encode(image: DecodedImage, path: Path, **options: Any) -> tuple[str, ...]:
        nonlocal now
        now += 0.25
        return ("left out",)

    monkeypatch.setattr("deblur.restorer.decode_image", decode)
    monkeypatch.setattr("deblur.restorer.encode_file", encode)
    report = Restorer(TiledNetwork(SPEC, Slow())).restore_file(
        "blurred.png", tmp_path / "restored.png"
    )
    assert report.tiles == 1
    assert "left out" in report.notes
    assert report.network_seconds == 2.0
    assert report.seconds == 2.75


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("shift", "changed"), [(-5, 1.0), (5, 1.0), (-3, 0.0), (3, 0.0)])
def test_a_report_says_how_much_changed_and_never_restored_for_what_did_not(
    shift: int, changed: float, dtype: type[np.uint8]
) -> None:
    class Shift(Identity):
        def run(self, batch: Batch) -> Batch:
            return batch + np.float32(shift / 255)

    image = photo(40, 40).with_pixels(
        np.full((40, 40, 3), 100, dtype) * (np.iinfo(dtype).max // 255)
    )
    _, report = Restorer(TiledNetwork(SPEC, Shift())).restore_reported(image)
    assert report.changed == changed
    assert ("almost unchanged" in report.outcome) == (changed == 0)


def fails_if_run() -> Restorer:
    class Never(Identity):
        def run(self, batch: Batch) -> Batch:
            raise AssertionError("the network ran")

    return Restorer(TiledNetwork(SPEC, Never()))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("there.png", {}, "is there already"),
        ("missing/a.png", {}, "there is no folder"),
        ("a.jxl", {"format": "jxl"}, "not an output format"),
        ("a.bmp", {}, "not an output format"),
        ("a.jpg", {"quality": 0}, "the quality is 0"),
        ("a.jpg", {}, "has transparent parts"),
    ],
)
def test_what_cannot_be_written_is_said_before_the_network_runs(
    name: str, options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (tmp_path / "there.png").write_bytes(b"theirs")
    image = replace(photo(30, 20), alpha=scene(30, 20, 1)[..., 0])
    write_image(image, tmp_path / "blurred.png")
    with pytest.raises(OutputError, match=said):
        fails_if_run().restore_file(str(tmp_path / "blurred.png"), tmp_path / name, **options)
    assert {each.name for each in tmp_path.iterdir()} == {"there.png", "blurred.png"}
    assert (tmp_path / "there.png").read_bytes() == b"theirs"


@pytest.mark.parametrize(("tile", "tiles"), [(None, 16), (0, 1), (128, 4)])
def test_the_tile_can_be_chosen(tile: int | None, tiles: int) -> None:
    assert len(TiledNetwork(SPEC, Identity(), tile=tile).plan(200, 200)) == tiles


@pytest.mark.parametrize("times", [False, True])
def test_a_result_has_its_photos_mode_and_dates_where_asked(tmp_path: Path, times: bool) -> None:
    blurred, restored = tmp_path / "blurred.png", tmp_path / "restored.png"
    write_image(photo(20, 20), blurred)
    blurred.chmod(0o640)
    os.utime(blurred, (10**9, 10**9))
    restorer = Restorer(TiledNetwork(SPEC, Identity()))
    restorer.restore_file(blurred, restored, keep_times=times)
    state = restored.stat()
    assert state.st_mode & 0o777 == 0o640
    assert (state.st_mtime == 10**9) == times


def test_what_is_overwritten_keeps_its_own_mode_behind_a_link(tmp_path: Path) -> None:
    blurred, there, link = (tmp_path / name for name in ("blurred.png", "there.png", "link.png"))
    write_image(photo(20, 20), blurred)
    there.write_bytes(b"old")
    there.chmod(0o604)
    link.symlink_to(there)
    restorer = Restorer(TiledNetwork(SPEC, Identity()))
    restorer.restore_file(blurred, link, overwrite=True)
    assert link.is_symlink()
    assert there.stat().st_mode & 0o777 == 0o604
    assert there.read_bytes() != b"old"


def test_each_diagnosis_of_a_file_speaks_the_callers_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is diagnosed in another thread."""
    spoken: list[Language] = []
    diagnosis = Restorer._diagnosis

    def heard(self: Restorer, image: DecodedImage, wanted: Any, *at: Any) -> Any:
        spoken.append(spoken_now())
        return diagnosis(self, image, wanted, *at)

    monkeypatch.setattr(Restorer, "_diagnosis", heard)
    write_image(DecodedImage(scene(64, 64), None, "PNG"), tmp_path / "photo.png")
    with speaking(Language.chinese):
        Restorer(TiledNetwork(SPEC, Halve())).restore_file(
            tmp_path / "photo.png", tmp_path / "restored.png"
        )
    assert spoken == [Language.chinese, Language.chinese]

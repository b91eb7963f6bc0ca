"""The best over shifts, and what tells protocols and pictures apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from benchmarks.running.alignment import align, best_shift
from deblur.image_io import decode_image
from deblur.quality import luma
from deblur.records.digests import digest_of_json, digest_of_pixels
from deblur.records.protocol import Alignment, EvalProtocol
from tests.pictures import scene

Floats = NDArray[np.float64]
RULE = Alignment()
SHIFTS = [
    (0, 0),
    (0, 3),
    (-4, 0),
    (0.25, -0.75),
    (2.5, 1.25),
    (-7.75, 5.5),
    (10, -10),
    (-10, 10),
    (9.75, 9.75),
    (-9.75, -9.75),
]


def shifted(picture: NDArray[Any], down: float, right: float) -> Floats:
    """The picture that much further down and right, its edge repeated."""
    moves = (down, right) + (0,) * (picture.ndim - 2)
    floats = picture.astype(np.float64)
    return np.asarray(ndimage.shift(floats, moves, order=1, mode="nearest"))


def bytes_of(picture: Floats) -> NDArray[np.uint8]:
    return picture.round().clip(0, 255).astype(np.uint8)


def smooth(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """A picture that interpolation changes little."""
    blurred = ndimage.gaussian_filter(scene(height, width, seed=seed).astype(float), (3, 3, 0))
    return bytes_of(blurred)


@pytest.mark.parametrize(("down", "right"), SHIFTS)
def test_a_known_shift_is_found(down: float, right: float) -> None:
    sharp = luma(smooth(70, 90))
    assert best_shift(shifted(sharp, down, right), sharp, RULE) == (down, right)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (-6.25, 3.5), (8, -8), (7.75, 8)])
@pytest.mark.parametrize("border", [0, 1, 5])
def test_a_shift_is_found_with_a_border_that_is_smaller_than_the_reach(
    border: int, down: float, right: float
) -> None:
    rule = Alignment(border=border, reach=8)
    sharp = ndimage.gaussian_filter(np.pad(luma(scene(40, 30)), 24, constant_values=90), 3)
    assert best_shift(shifted(sharp, down, right), sharp, rule) == (down, right)


@pytest.mark.parametrize(("down", "right"), [(8.25, 0), (0, 8.5), (8.75, 8.75), (-8.25, -8.5)])
def test_no_shift_is_longer_than_the_reach(down: float, right: float) -> None:
    rule = Alignment(border=12, reach=8)
    sharp = ndimage.gaussian_filter(np.pad(luma(scene(40, 30)), 24, constant_values=90), 3)
    nearest = tuple(np.clip((down, right), -8, 8))
    assert best_shift(shifted(sharp, down, right), sharp, rule) == nearest


@pytest.mark.parametrize(
    "rule",
    [
        Alignment(border=4, reach=3),
        Alignment(border=3, reach=3, step=0.5),
        Alignment(border=1, reach=3),
        Alignment(border=5, reach=2, step=1.0),
    ],
)
def test_it_is_the_least_squared_error_of_all_shifts(rule: Alignment) -> None:
    random = np.random.default_rng(1)
    sharp = luma(scene(24, 27, seed=4))
    restored = shifted(sharp, 1.4, -0.6) + random.normal(0, 9, sharp.shape)
    height, width = sharp.shape
    rows, columns = np.mgrid[rule.border : height - rule.border, rule.border : width - rule.border]
    steps = np.arange(-rule.reach, rule.reach + rule.step, rule.step)

    def error(down: float, right: float) -> float:
        places = [rows + down, columns + right]
        there = ndimage.map_coordinates(restored, places, order=1, mode="nearest")
        return float(((there - sharp[rows, columns]) ** 2).sum())

    expected = min((error(down, right), down, right) for down in steps for right in steps)
    assert best_shift(restored, sharp, rule) == expected[1:]


def test_an_unshifted_pair_is_only_cut() -> None:
    sharp = scene(60, 70, seed=1)
    restored = bytes_of(sharp + np.random.default_rng(0).normal(0, 5, sharp.shape))
    moved, inside = align(restored, sharp, RULE)
    assert (moved == restored[15:-15, 15:-15]).all()
    assert (inside == sharp[15:-15, 15:-15]).all()
    assert moved.dtype == inside.dtype == np.float64


@pytest.mark.parametrize("border", [0, 4, 15])
def test_a_shifted_pair_is_moved_back(border: int) -> None:
    rule = Alignment(border=border)
    sharp = np.pad(smooth(50, 66), ((7, 7), (7, 7), (0, 0)))
    moved, inside = align(bytes_of(shifted(sharp, 3, -5)), sharp, rule)
    assert moved.shape == inside.shape == (64 - 2 * border, 80 - 2 * border, 3)
    assert (moved == inside).all()


def test_a_pair_shifted_by_quarters_is_moved_back_to_within_rounding() -> None:
    sharp = smooth(70, 70)
    restored = bytes_of(shifted(sharp, -2.25, 6.75))
    before = np.abs(restored[15:-15, 15:-15].astype(float) - sharp[15:-15, 15:-15]).mean()
    moved, inside = align(restored, sharp, RULE)
    assert np.abs(moved - inside).mean() < 2 < before / 5


@pytest.mark.parametrize("size", [(30, 90), (90, 30), (8, 8)])
def test_pictures_without_an_inside_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no inside 15 px from the edge"):
        align(scene(*size), scene(*size), RULE)


def test_the_smallest_inside_is_one_pixel() -> None:
    moved, inside = align(scene(31, 31), scene(31, 31), RULE)
    assert (moved == inside).all()
    assert moved.shape == (1, 1, 3)


def test_the_protocol_tells_apart_whatever_moves_a_score() -> None:
    changes: list[dict[str, Any]] = [
        {"version": 2},
        {"quantisation": "none"},
        {"colour": "grey"},
        {"luma": "0 to 255"},
        {"ssim": "8x8"},
        {"crop": 4},
        {"alignment": Alignment()},
        {"alignment": Alignment(border=16)},
        {"alignment": Alignment(reach=9)},
        {"alignment": Alignment(step=0.5)},
        {"tiling": 256},
        {"warm_up": 2},
    ]
    named = {name for change in changes for name in change}
    assert named == {*EvalProtocol.model_fields} - {"precision"}
    digests = [EvalProtocol(**change).digest() for change in [{}, *changes]]
    assert len(set(digests)) == len(digests)
    assert EvalProtocol(precision="bf16").digest() == digests[0]


def test_the_order_of_fields_does_not_matter() -> None:
    rules = EvalProtocol(crop=4, alignment=Alignment())
    content = rules.model_dump(mode="json")
    turned = dict(reversed(content.items()))
    assert list(turned) != list(content)
    assert EvalProtocol(**turned).digest() == rules.digest() == digest_of_json(turned)


@pytest.mark.parametrize("change", [{"crop": -1}, {"warm_up": 0}, {"alighnment": None}])
def test_a_protocol_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        EvalProtocol(**change)


def test_pixels_digest_the_same_in_every_lossless_format(tmp_path: Path) -> None:
    picture = scene(20, 30)
    Image.fromarray(picture).save(tmp_path / "a.png")
    Image.fromarray(picture).save(tmp_path / "a.webp", lossless=True, exact=True)
    Image.fromarray(picture).save(tmp_path / "a.bmp")
    digests = {digest_of_pixels(decode_image(path).pixels) for path in sorted(tmp_path.glob("a.*"))}
    assert digests == {digest_of_pixels(picture)}


def test_pixels_of_another_value_type_or_shape_digest_otherwise() -> None:
    picture = scene(20, 30)
    changed = picture.copy()
    changed[7, 7, 1] ^= 1
    others: list[NDArray[Any]] = [
        changed,
        picture.astype(np.uint16),
        picture.view(np.int8),
        picture.reshape(30, 20, 3),
        picture.transpose(1, 0, 2),
        picture[..., :1],
    ]
    digests = {digest_of_pixels(picture), *map(digest_of_pixels, others)}
    assert len(digests) == len(others) + 1
    assert digest_of_pixels(picture[::-1][::-1]) == digest_of_pixels(picture)

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deblur.errors import TileError
from deblur.spec import TilingPolicy
from deblur.tiling import (
    AxisPlan,
    Tile,
    cut_tile,
    least_tile,
    merge_bands,
    merged_bands,
    plan_tiles,
)
from tests.pictures import scene


@st.composite
def policies(draw: st.DrawFn) -> tuple[TilingPolicy, int]:
    """Tiles from the least that a policy allows upwards, and the multiple of their sides."""
    multiple = draw(st.sampled_from([1, 4, 8]))
    policy = TilingPolicy(0, draw(st.integers(0, 16)), draw(st.integers(0, 8)))
    tile = least_tile(policy, multiple) + draw(st.integers(0, 100))
    return replace(policy, tile=tile), multiple


@given(
    height=st.integers(1, 400),
    width=st.integers(1, 400),
    policy_and_multiple=policies(),
    sixteen_bit=st.booleans(),
)
def test_identity_through_any_plan_is_exact(
    height: int, width: int, policy_and_multiple: tuple[TilingPolicy, int], sixteen_bit: bool
) -> None:
    policy, multiple = policy_and_multiple
    pixels = scene(height, width)
    if sixteen_bit:
        pixels = pixels.astype(np.uint16) * 257
    peak = np.iinfo(pixels.dtype).max
    plan = plan_tiles(height, width, policy, multiple)
    tiles = ((tile, cut_tile(pixels, plan, tile).astype(np.float32) / peak) for tile in plan)
    merged = np.zeros_like(pixels)
    merge_bands(plan, merged_bands(plan, tiles, pixels), merged)
    step = peak / 255
    assert np.abs(merged.astype(float) - pixels).max() <= step / 2


@given(height=st.integers(1, 400), width=st.integers(1, 60), policy_and_multiple=policies())
def test_a_picture_may_be_replaced_by_what_is_made_of_it(
    height: int, width: int, policy_and_multiple: tuple[TilingPolicy, int]
) -> None:
    """Every tile is cut from the picture as it was, though a tile ahead of the one merged."""
    policy, multiple = policy_and_multiple
    pixels, expected = scene(height, width), np.zeros((height, width, 3), np.uint8)
    plan = plan_tiles(height, width, policy, multiple)

    def inverted(source: np.ndarray) -> Iterator[tuple[Tile, np.ndarray]]:
        cut = ((tile, 1 - cut_tile(source, plan, tile).astype(np.float32) / 255) for tile in plan)
        ahead = next(cut)
        for following in cut:
            yield ahead
            ahead = following
        yield ahead

    merge_bands(plan, merged_bands(plan, inverted(pixels.copy()), pixels), expected)
    merge_bands(plan, merged_bands(plan, inverted(pixels), pixels), pixels)
    np.testing.assert_array_equal(pixels, expected)


@example(length=961, policy_and_multiple=(TilingPolicy(tile=64, halo=1, ramp=7), 8))
@given(length=st.integers(1, 3000), policy_and_multiple=policies())
def test_weights_along_an_axis_sum_to_one_and_keep_out_of_the_halo(
    length: int, policy_and_multiple: tuple[TilingPolicy, int]
) -> None:
    policy, multiple = policy_and_multiple
    axis = plan_tiles(length, 1, policy, multiple).rows
    total = np.zeros(length)
    for index, start in enumerate(axis.starts):
        first, end = axis.span(index)
        total[first:end] += axis.weights(index)
        assert start % multiple == 0
        assert axis.side % multiple == 0
        if index > 0:
            assert first - start >= policy.halo
        if index + 1 < len(axis.starts):
            assert start + axis.side - end >= policy.halo
    np.testing.assert_allclose(total, 1, atol=1e-6)
    assert axis.starts[-1] + axis.side >= length


@given(length=st.integers(1, 3000), policy_and_multiple=policies())
def test_no_tile_is_larger_than_the_policy_allows(
    length: int, policy_and_multiple: tuple[TilingPolicy, int]
) -> None:
    policy, multiple = policy_and_multiple
    assert plan_tiles(length, 1, policy, multiple).rows.side <= policy.tile


@given(length=st.integers(1, 3000), policy_and_multiple=policies())
def test_every_tile_begins_two_ramps_after_the_one_before(
    length: int, policy_and_multiple: tuple[TilingPolicy, int]
) -> None:
    policy, multiple = policy_and_multiple
    starts = plan_tiles(length, 1, policy, multiple).rows.starts
    advances = [later - earlier for earlier, later in pairwise(starts)]
    assert all(advance >= max(1, 2 * policy.ramp) for advance in advances)


def test_the_fade_is_symmetric_about_its_middle() -> None:
    axis = AxisPlan(length=24, side=14, starts=(0, 10), borders=(0, 10), ramp=4)
    np.testing.assert_allclose(axis.weights(0)[-4:], [0.875, 0.625, 0.375, 0.125])
    np.testing.assert_allclose(axis.weights(1)[:4], [0.125, 0.375, 0.625, 0.875])


def test_beyond_the_picture_it_is_mirrored_with_its_edge() -> None:
    pixels = np.arange(1, 6, dtype=np.uint8)[None, :, None]
    plan = plan_tiles(1, 5, TilingPolicy(tile=64, halo=0, ramp=0), 8)
    cut = cut_tile(pixels, plan, Tile(0, 0))
    assert cut[0, :, 0].tolist() == [1, 2, 3, 4, 5, 5, 4, 3]
    assert np.unique(cut[:, 0, 0]).tolist() == [1]


def test_a_step_between_tiles_is_faded() -> None:
    plan = plan_tiles(8, 300, TilingPolicy(tile=128, halo=8, ramp=16), 1)
    levels = (
        (tile, np.full((plan.rows.side, plan.columns.side, 1), tile.column % 2, np.float32))
        for tile in plan
    )
    merged = np.zeros((8, 300, 1), np.uint8)
    merge_bands(plan, merged_bands(plan, levels, merged), merged)
    assert len(plan.columns.starts) > 1
    assert np.abs(np.diff(merged[0, :, 0].astype(int))).max() <= 255 / 16 + 1


def test_a_tile_that_is_all_halo_is_refused_with_the_size_it_needs() -> None:
    policy = TilingPolicy(tile=64, halo=48)
    with pytest.raises(TileError, match="too small for this model; it needs at least 136"):
        plan_tiles(1000, 1000, policy, 8)
    with pytest.raises(TileError):
        plan_tiles(1000, 1000, replace(policy, tile=135), 8)
    plan_tiles(1000, 1000, replace(policy, tile=136), 8)

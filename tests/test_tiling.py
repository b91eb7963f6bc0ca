import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deblur.errors import TileError
from deblur.spec import TilingPolicy
from deblur.tiling import cut_tile, merge_tiles, plan_tiles
from tests.pictures import scene

policies = st.builds(
    TilingPolicy,
    tile=st.integers(64, 200),
    halo=st.integers(0, 16),
    ramp=st.integers(0, 8),
)


@given(
    height=st.integers(1, 400),
    width=st.integers(1, 400),
    policy=policies,
    multiple=st.sampled_from([1, 4, 8]),
    sixteen_bit=st.booleans(),
)
def test_identity_through_any_plan_is_exact(
    height: int, width: int, policy: TilingPolicy, multiple: int, sixteen_bit: bool
) -> None:
    pixels = scene(height, width)
    if sixteen_bit:
        pixels = pixels.astype(np.uint16) * 257
    peak = np.iinfo(pixels.dtype).max
    plan = plan_tiles(height, width, policy, multiple)
    tiles = ((tile, cut_tile(pixels, plan, tile).astype(np.float32) / peak) for tile in plan)
    merged = np.zeros_like(pixels)
    merge_tiles(plan, tiles, merged)
    step = peak / 255
    assert np.abs(merged.astype(float) - pixels).max() <= step / 2


@example(length=961, policy=TilingPolicy(tile=64, halo=1, ramp=7), multiple=8)
@given(length=st.integers(1, 3000), policy=policies, multiple=st.sampled_from([1, 4, 8]))
def test_weights_along_an_axis_sum_to_one_and_keep_out_of_the_halo(
    length: int, policy: TilingPolicy, multiple: int
) -> None:
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


@given(length=st.integers(1, 3000), policy=policies)
def test_no_tile_is_larger_than_the_policy_allows(length: int, policy: TilingPolicy) -> None:
    assert plan_tiles(length, 1, policy, 8).rows.side <= max(8, policy.tile)


def test_a_step_between_tiles_is_faded() -> None:
    plan = plan_tiles(8, 300, TilingPolicy(tile=128, halo=8, ramp=16), 1)
    levels = (
        (tile, np.full((plan.rows.side, plan.columns.side, 1), tile.column % 2, np.float32))
        for tile in plan
    )
    merged = np.zeros((8, 300, 1), np.uint8)
    merge_tiles(plan, levels, merged)
    assert len(plan.columns.starts) > 1
    assert np.abs(np.diff(merged[0, :, 0].astype(int))).max() <= 255 / 16 + 1


def test_a_tile_that_is_all_halo_is_refused_with_the_size_it_needs() -> None:
    with pytest.raises(TileError, match="too small for this model; it needs at least 1"):
        plan_tiles(1000, 1000, TilingPolicy(tile=64, halo=48), 8)

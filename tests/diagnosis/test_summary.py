"""What the tiles of a photo say together."""

import json
from dataclasses import FrozenInstanceError

import pytest

from deblur.diagnosis import Kind
from deblur.diagnosis.summary import summarise
from tests.diagnosis.reports import diagnosis, tile

S, P, M, F, B = Kind


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([S] * 10, S),
        ([S] * 9 + [F], S),
        ([S] * 8 + [M] * 2, S),
        ([S] * 4 + [F] * 6, P),
        ([P] * 4 + [F] * 6, P),
        ([P] * 10, P),
        ([F] * 9 + [S], F),
        ([M] * 10, M),
        ([M] * 6 + [S] * 4, M),
        ([M] * 6 + [F] * 3 + [B], M),
        ([F] * 6 + [M] * 4, F),
        ([B] * 6 + [M] * 2 + [F] * 2, B),
    ],
)
def test_a_photo_is_what_its_tiles_are(kinds: list[Kind], expected: Kind) -> None:
    found = summarise(500, 400, [tile(kind) for kind in kinds])
    assert found.kind == expected
    assert found.shares[kinds[0]] == pytest.approx(kinds.count(kinds[0]) / len(kinds))
    assert 0 < found.confidence <= 1.0001


def test_flat_tiles_have_no_say() -> None:
    found = summarise(500, 400, [*[tile(F, weight=0.0)] * 9, tile(M)])
    assert found.kind == M
    assert found.confidence == 1


def test_where_nothing_is_to_be_seen_the_photo_is_left_alone() -> None:
    for tiles in ([], [tile(F, weight=0.01)]):
        found = summarise(500, 400, tiles)
        assert (found.kind, found.confidence, found.extent) == (S, 0, 0)
        assert found.quality == 100


def test_figures_are_medians_of_the_tiles_that_have_them() -> None:
    moved = [tile(M, length=length, angle=angle) for length, angle in ((8, 170), (9, 0), (30, 10))]
    found = summarise(500, 400, [*moved, tile(S, length=99, radius=9)])
    assert (found.length, found.radius) == (9, 0)
    assert min(found.angle, 180 - found.angle) < 8
    blurred = summarise(500, 400, [tile(F, radius=radius) for radius in (2.0, 3.0, 7.0)])
    assert (blurred.length, blurred.radius) == (0, 3)
    both = summarise(500, 400, [tile(B, length=9, radius=4.0)])
    assert (both.length, both.radius) == (9, 4)


def test_the_extent_is_the_mean_over_what_is_sharp_and_what_is_not() -> None:
    found = summarise(500, 400, [tile(M, length=9), tile(S), tile(F, radius=3.0), tile(S)])
    assert found.extent == pytest.approx((9 + 6) / 4)
    assert summarise(9, 9, [tile(B, length=8, radius=3.0)]).extent == pytest.approx(10)


def test_noise_and_quality_are_medians_by_weight() -> None:
    tiles = [tile(S, noise=1, quality=40, weight=0.2), tile(M, noise=5, quality=80)]
    found = summarise(500, 400, tiles)
    assert (found.noise, found.quality) == (5, 80)


def test_the_record_is_frozen_and_goes_into_json() -> None:
    found = diagnosis(M)
    with pytest.raises(FrozenInstanceError):
        found.kind = S  # type: ignore[misc]
    written = json.loads(json.dumps(found.as_json()))
    assert written["kind"] == "motion"
    assert written["shares"]["motion"] == 1
    assert written["tiles"][0]["kind"] == "motion"
    assert {"length", "angle", "radius", "extent", "noise", "quality", "confidence"} <= {*written}

"""Which network restores which part of a photo."""

from dataclasses import replace

import numpy as np
import pytest

from deblur.catalog import CATALOG, FOCUS_MODEL, GENERAL_MODEL, SHAKE_MODEL, TEXT_MODEL
from deblur.diagnosis import Diagnosis, Kind, TileReport
from deblur.diagnosis.summary import summarise
from deblur.restoring.guide import GUIDED, Guidance, guide
from tests.diagnosis.reports import tile


def photo_of(*kinds: Kind, text: float = 0.0, weight: float = 1.0) -> Diagnosis:
    """Tiles of 160 px side by side."""
    tiles = [
        tile(kind, left=160 * place, text=text, weight=weight) for place, kind in enumerate(kinds)
    ]
    return summarise(160, 160 * len(kinds), tiles)


def test_models_that_are_picked_among_are_tiled_alike() -> None:
    specs = [CATALOG[name] for name in GUIDED]
    assert len({(spec.tiling, spec.size_multiple, spec.precisions) for spec in specs}) == 1


@pytest.mark.parametrize(
    ("kind", "text", "models"),
    [
        (Kind.sharp, 0.0, ()),
        (Kind.shallow, 0.0, ()),
        (Kind.sharp, 1.0, ()),
        (Kind.motion, 0.0, (GENERAL_MODEL,)),
        (Kind.both, 0.0, (GENERAL_MODEL,)),
        (Kind.focus, 0.0, (FOCUS_MODEL,)),
        (Kind.focus, 1.0, (TEXT_MODEL,)),
        (Kind.motion, 1.0, (TEXT_MODEL,)),
    ],
)
def test_a_photo_of_one_kind_goes_one_way(kind: Kind, text: float, models: tuple[str]) -> None:
    guidance = guide(photo_of(kind, kind, text=text))
    assert guidance.is_whole
    assert guidance.models == models


@pytest.mark.parametrize(
    ("kind", "text", "model"),
    [
        (Kind.motion, 0.0, SHAKE_MODEL),
        (Kind.both, 0.0, SHAKE_MODEL),
        (Kind.focus, 0.0, FOCUS_MODEL),
        (Kind.motion, 0.15, SHAKE_MODEL),
        (Kind.motion, 1.0, TEXT_MODEL),
    ],
)
def test_wide_blur_is_restored_at_the_size_at_which_it_was_diagnosed(
    kind: Kind, text: float, model: str
) -> None:
    guidance = guide(replace(photo_of(kind, kind, text=text), reduction=4))
    assert (guidance.models, guidance.reduction) == ((model,), 4)


def test_parts_of_a_widely_blurred_photo_are_restored_at_one_size() -> None:
    photo = photo_of(*[Kind.motion] * 4, *[Kind.focus] * 4)
    guidance = guide(replace(photo, reduction=2))
    assert (guidance.models, guidance.reduction) == ((SHAKE_MODEL, FOCUS_MODEL), 2)
    np.testing.assert_allclose(
        guidance.at(0, 0, 80, 640), guide(photo).at(0, 0, 160, 1280)[::2, ::2], atol=0.01
    )


def test_where_there_is_nothing_to_see_a_photo_stays_as_it_is() -> None:
    assert guide(photo_of(Kind.motion, weight=0.01)).models == ()
    assert guide(summarise(8, 8, [])).models == ()


def test_in_a_mixed_photo_each_part_goes_its_own_way() -> None:
    guidance = guide(photo_of(*[Kind.motion] * 4, *[Kind.focus] * 4))
    assert guidance.models == (GENERAL_MODEL, FOCUS_MODEL)
    parts = guidance.at(0, 0, 160, 8 * 160)
    assert parts.shape == (160, 8 * 160, 2)
    np.testing.assert_allclose(parts.sum(2), 1, atol=1e-5)
    assert parts[0, 100, 0] > 0.9
    assert parts[0, -100, 1] > 0.9
    assert (np.diff(parts[0, 400:880, 0]) < 0).all()


def test_sharp_parts_of_a_shaken_photo_stay_as_they_are() -> None:
    guidance = guide(photo_of(Kind.sharp, Kind.sharp, Kind.motion, Kind.motion, Kind.motion))
    assert guidance.models == (GENERAL_MODEL,)
    assert not guidance.is_whole
    parts = guidance.at(0, 0, 1, 800)[0, :, 0]
    assert parts[40] < 0.1
    assert parts[-40] > 0.9


def test_flat_tiles_follow_their_neighbours() -> None:
    kinds = [Kind.motion] * 3 + [Kind.sharp] + [Kind.focus] * 3
    tiles: list[TileReport] = [
        tile(kind, left=160 * place, weight=0.0 if kind is Kind.sharp else 1.0)
        for place, kind in enumerate(kinds)
    ]
    guidance = guide(summarise(160, 160 * 7, tiles))
    assert guidance.at(0, 3 * 160, 1, 160).sum(2).min() > 0.9


def test_a_cut_is_the_same_wherever_it_begins() -> None:
    guidance = guide(photo_of(Kind.motion, Kind.motion, Kind.focus, Kind.focus))
    whole = guidance.at(0, 0, 64, 640)
    np.testing.assert_allclose(guidance.at(10, 200, 20, 100), whole[10:30, 200:300], atol=1e-6)


def test_no_model_at_all_has_no_parts() -> None:
    assert Guidance.whole().is_whole
    assert Guidance.whole().at(0, 0, 4, 5).shape == (4, 5, 0)
    halved = Guidance.whole(GENERAL_MODEL)
    assert not replace(halved, parts=halved.parts / 2).is_whole

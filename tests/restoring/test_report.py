"""What is told of a restored photo."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deblur.diagnosis import Kind
from deblur.diagnosis.summary import summarise
from deblur.restoring.report import Change, Comparison, sharper_share
from tests.diagnosis.reports import REPORT, tile


def test_the_summary_says_what_was_found_picked_and_changed() -> None:
    told = REPORT.summary()
    assert told.startswith("residual-unet-xs, picked for it · onnx (CPUExecutionProvider, fp32)")
    assert "Moderate shake of about 12 px: a good case." in told
    assert "40% of it differs visibly, 80% of it got sharper" in told
    assert "a note" in told
    assert "picked" not in replace(REPORT, picked=False).summary()


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"models": ()}, "the photo was not changed"),
        ({"changed": 0.01}, "the photo came out almost unchanged (1.0% of it differs visibly)"),
        (
            {"picked": False, "before": replace(REPORT.before, reduction=2)},
            "its blur is wide, and the automatic choice of the model usually does more",
        ),
    ],
)
def test_what_came_out_as_it_was_is_not_called_restored(
    fields: dict[str, Any], outcome: str
) -> None:
    report = replace(REPORT, **fields)
    assert outcome in report.summary()
    assert "got sharper" not in report.summary()


def test_the_json_form_has_all_but_the_tiles() -> None:
    written = json.loads(json.dumps(REPORT.as_json()))
    assert written["model"] == "residual-unet-xs"
    assert written["before"]["kind"] == "motion"
    assert written["after"]["kind"] == "sharp"
    assert "tiles" not in written["before"]
    assert written["tiles"] == 1
    assert json.loads(json.dumps(replace(REPORT, models=()).as_json()))["model"] == "none"


def compared(before: np.ndarray, bands: list[np.ndarray]) -> Change:
    comparison = Comparison()
    top = 0
    for band in bands:
        comparison.add(top, before[top : top + len(band)], band)
        top += len(band)
    return comparison.change


@pytest.mark.parametrize(("dtype", "unit"), [(np.uint8, 1), (np.uint16, 257)])
def test_change_is_counted_of_255(dtype: type, unit: int) -> None:
    before = np.zeros((8, 10, 3), dtype)
    after = before.copy()
    after[:, :5] = 4 * unit
    after[:, 5:] = 2 * unit
    change = compared(before, [after])
    assert change.visible == 0.5
    assert change.mean == pytest.approx(3)
    assert compared(after, [before]) == change
    assert compared(before, [after[:3], after[3:4], after[4:]]) == change


def test_a_tile_got_sharper_where_points_are_clearly_narrower() -> None:
    def photo(*lengths: float) -> Any:
        tiles = [tile(Kind.motion, length=length, weight=0.5) for length in lengths]
        return summarise(160, 640, tiles)

    assert sharper_share(photo(10, 10, 1, 10), photo(5, 9, 0.6, 12)) == 0.25
    assert sharper_share(summarise(8, 8, []), summarise(8, 8, [])) == 0

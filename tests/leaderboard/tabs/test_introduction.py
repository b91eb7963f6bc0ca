"""What the page says of a model before its weights are fetched."""

from pathlib import Path

import pandas as pd
import pytest

import app
from deblur.catalog import CATALOG
from deblur.page.restorers import OFFERED
from deblur.weights import bytes_to_fetch
from leaderboard.store.folder_store import FolderStore
from leaderboard.tabs.introduction import introduction
from tests.leaderboard.entries import measured
from tests.loopback_hub import Hub

NAFNET = CATALOG["nafnet-reds"]


def test_a_model_that_has_to_be_fetched_says_its_size_its_licence_and_that_nobody_measured_it(
    hub: Hub, tmp_path: Path
) -> None:
    shown = introduction(NAFNET, bytes_to_fetch(NAFNET), FolderStore(tmp_path).load().rows)
    assert shown == (
        "92 MB, fetched once from opencv/deblurring_nafnet, in about 15 s at 50 Mbit/s · MIT · "
        "not measured here: the time is estimated after the first tile"
    )
    assert hub.requests == []


def test_a_model_that_only_a_command_fetches_names_it(tmp_path: Path) -> None:
    maxim = CATALOG["maxim-gopro"]
    shown = introduction(maxim, 83_613_744, FolderStore(tmp_path).load().rows)
    assert shown.startswith(
        "84 MB, has to be fetched where this page runs: python -m deblur fetch maxim-gopro, in "
        "about 13 s at 50 Mbit/s · Apache-2.0"
    )


def test_a_model_with_a_record_says_how_long_it_took(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.add(measured(NAFNET.name, 27.0))
    rows = store.load().rows
    assert introduction(NAFNET, 0, rows) == "MIT"
    timed = rows.assign(seconds_per_megapixel=7.25)
    at_int8 = timed.assign(precision="int8", seconds_per_megapixel=0.1)
    self_reported = timed.assign(kind="self-reported", seconds_per_megapixel=0.1)
    shown = introduction(NAFNET, 0, pd.concat([timed, at_int8, at_int8, self_reported]))
    assert shown == "MIT · about 7.2 s per megapixel on the processor that measured it"


@pytest.mark.parametrize("model", OFFERED)
def test_every_model_that_is_offered_is_introduced(model: str) -> None:
    words = CATALOG[model].licence if model in CATALOG else "Examines the photo first"
    assert words in app.introduce(model)

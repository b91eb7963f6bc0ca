"""Models are ranked, not rows: which row stands for a model, and what its others are."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from leaderboard.store.entries import Entry
from leaderboard.store.folder_store import FolderStore
from leaderboard.table.models import models_of
from leaderboard.table.table import Table, build_table
from leaderboard.table.views import View
from tests.leaderboard.entries import at, images, measured, record


def ran(model: str, psnr: float, backend: str = "onnx", precision: str = "fp32") -> Entry:
    """A measured row of an engine and a precision."""
    engine = at(precision).model_copy(update={"backend": backend})
    return measured(model, psnr, engine=engine)


def claimed(model: str, psnr: float, **changes: Any) -> Entry:
    made = record(model, images(psnr), **changes)
    return Entry(kind="self-reported", record=made, submitted="2026-01-01")


def table_of(folder: Path, *entries: Entry) -> Table:
    store = FolderStore(folder)
    for entry in entries:
        store.add(entry)
    return build_table(store.load(), "mini")


def told(table: Table) -> list[tuple[Any, ...]]:
    """Model, rank and variant of each row; None where there is none."""
    shown = table.frame[["model", "rank", "model_variant"]].astype(object)
    return [*shown.where(shown.notna(), None).itertuples(index=False, name=None)]


def test_engines_and_precisions_take_no_rank_and_push_nobody_down(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        ran("many", 28.0),
        ran("many", 27.99, "torch"),
        ran("many", 27.9, precision="int8"),
        ran("next", 27.0),
        ran("last", 26.0),
    )
    assert told(table) == [
        ("many", 1, None),
        ("many", None, "torch"),
        ("many", None, "int8"),
        ("next", 2, None),
        ("last", 3, None),
    ]


def test_the_fullest_precision_stands_for_a_model_however_good_the_others(tmp_path: Path) -> None:
    table = table_of(
        tmp_path, ran("one", 26.0), ran("one", 29.0, precision="int8"), ran("two", 28.0)
    )
    assert told(table) == [("two", 1, None), ("one", 2, None), ("one", None, "int8")]


def test_a_claim_never_stands_for_what_was_measured(tmp_path: Path) -> None:
    table = table_of(tmp_path, ran("one", 26.0, precision="int8"), claimed("one", 40.0))
    assert told(table) == [("one", 1, None), ("one", None, "fp32, self-reported")]


@pytest.mark.parametrize("missing", [1, 5])
def test_the_row_of_the_most_pictures_comes_before_a_better_mean(
    tmp_path: Path, missing: int
) -> None:
    choosy = [
        each.model_copy(update={"scores": each.scores | {"psnr": math.nan}})
        if place < missing
        else each
        for place, each in enumerate(images(30.0))
    ]
    fewer = Entry(kind="measured", record=record("one", choosy), submitted="2026-01-01")
    table = table_of(tmp_path, fewer, measured("one", 26.0))
    assert told(table) == [("one", 1, None), ("one", None, "run of 2026-01-01")]
    assert table.frame["psnr"].round().tolist() == [26, 30]


def test_means_that_show_alike_are_told_apart_by_speed(tmp_path: Path) -> None:
    cost = {"spread": 0.0, "repetitions": 3, "megapixels": 1.0, "peak_memory_bytes": 1}
    slow, fast = ({**cost, "seconds_per_megapixel": each} for each in (2.0, 1.0))
    table = table_of(
        tmp_path, measured("one", 26.0, cost=fast), measured("one", 26.0 + 1e-6, cost=slow)
    )
    assert table.frame["seconds_per_megapixel"].tolist() == [1.0, 2.0]


def test_a_row_a_model_with_its_variants(tmp_path: Path) -> None:
    table = table_of(
        tmp_path, ran("one", 28.0), ran("one", 28.0, "torch", "bf16"), ran("two", 26.0)
    )
    one, two = models_of(table.frame)
    assert one.row is not None
    assert (one.name, one.row["rank"]) == ("one", 1)
    assert [each["model_variant"] for each in one.variants] == ["bf16, torch"]
    assert (two.name, two.variants) == ("two", ())


def test_a_variant_whose_model_is_filtered_away_is_not_taken_for_it(tmp_path: Path) -> None:
    table = table_of(
        tmp_path, ran("one", 28.0), ran("one", 28.0, "torch"), ran("one", 27.0, "torch", "int8")
    )
    (alone,) = models_of(View(backends=("torch",)).narrow(table))
    assert (alone.row, len(alone.variants)) == (None, 2)


def test_models_of_other_pictures_are_other_models(tmp_path: Path) -> None:
    elsewhere = record(given=images()).dataset.model_copy(update={"digest": "0"})
    table = table_of(tmp_path, ran("one", 28.0), measured("one", 25.0, dataset=elsewhere))
    assert [(each.name, len(each.variants)) for each in models_of(table.frame)] == [("one", 0)] * 2
    assert pd.isna(table.frame["model_variant"]).all()

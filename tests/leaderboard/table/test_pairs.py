"""Two rows apart, and all datasets at a glance."""

import re
from pathlib import Path

import pandas as pd
import pytest

from deblur.records.statistics import mean_interval
from leaderboard.store.folder_store import FolderStore
from leaderboard.table.citing import citation
from leaderboard.table.overview import overview_html, standings_of
from leaderboard.table.pairs import paired_html
from leaderboard.table.table import build_table, ranking_column
from tests.leaderboard.entries import measured


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path)
    store.add(measured("blurred", 25.0))
    store.add(measured("good", 27.0, seed=1))
    store.add(measured("bad", 24.0, seed=2))
    return store


def told(store: FolderStore, first: str, second: str) -> str:
    board = store.load()
    table = build_table(board, "mini")
    rows = board.rows.set_index("model").loc[[first, second]].reset_index()
    return paired_html(rows, ranking_column(table), pd.Series([1.0, 1.0]))


def test_the_better_of_two_is_named_first_with_the_interval_of_the_difference(
    store: FolderStore,
) -> None:
    board = store.load().rows.set_index("model")
    ahead = [
        one - other
        for one, other in zip(board["scores"]["good"], board["scores"]["bad"], strict=True)
    ]
    low, high = mean_interval(ahead)
    for pair in (("good", "bad"), ("bad", "good")):
        html = told(store, *pair)
        assert "good is ahead of bad" in html
        assert f"(95 %: {low:.2f} to {high:.2f}), over 25 pictures" in html
        assert "may be chance" not in html


def test_a_row_beside_itself_may_be_chance(store: FolderStore) -> None:
    assert "may be chance" in told(store, "good", "good")


def test_rows_of_two_groups_are_not_compared(store: FolderStore) -> None:
    board = store.load()
    metric = ranking_column(build_table(board, "mini"))
    html = paired_html(board.rows.head(2), metric, pd.Series([1.0, 2.0]))
    assert "no pictures in common" in html


def test_all_datasets_tell_ranks_and_gains(store: FolderStore) -> None:
    found = standings_of(build_table(store.load(), "mini"))
    assert {model: rank for model, (rank, _) in found.items()} == {
        **{"good": 1, "blurred": 2, "bad": 3}
    }
    assert found["blurred"][1] == 0
    gain = found["good"][1]
    assert gain is not None
    assert f"+{gain:.2f}" in overview_html(store.load())


def test_a_citation_says_the_dataset_its_rules_and_the_day(store: FolderStore) -> None:
    table = build_table(store.load(), "mini")
    text = citation(table)
    assert text.startswith("@misc{deblur-arena-mini,")
    assert f"protocol {table.protocol_digest}" in text
    assert re.search(r"Read on \d{4}-\d\d-\d\d", text)

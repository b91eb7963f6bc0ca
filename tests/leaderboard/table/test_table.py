"""The table: ranks, what stands apart, and every format; the commands that make it."""

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from deblur.records.protocol import EvalProtocol
from leaderboard.__main__ import app
from leaderboard.errors import TableError
from leaderboard.store.entries import Entry
from leaderboard.store.folder_store import FolderStore
from leaderboard.store.rows import ON_NEITHER, ON_TEST, ON_TRAIN, contamination
from leaderboard.table.rendering import render
from leaderboard.table.table import build_table, datasets_of
from tests.leaderboard.entries import images, measured, record


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "board")
    for entry in (
        measured("best", 28.0),
        measured("alike", 27.95, seed=1),
        measured("worse", 25.0),
        measured("apart", 30.0, protocol=EvalProtocol(tiling=64)),
    ):
        store.add(entry)
    return store


def board_command(store: FolderStore, *arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), "--root", str(store.root)])


def test_rows_that_may_be_alike_share_a_rank(store: FolderStore) -> None:
    table = build_table(store.load(), "mini")
    ranked = dict(zip(table.frame["model"], table.frame["rank"], strict=True))
    assert ranked == {"best": 1, "alike": 1, "worse": 3}
    assert [*table.other_protocols.values()] == [1]


def test_what_no_decimal_shows_shares_a_rank_however_certain(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "engines")
    for model, psnr in (("first", 28.0), ("last bits", 28.0 - 1e-6), ("shown", 27.99)):
        store.add(measured(model, psnr))
    frame = build_table(store.load(), "mini").frame
    assert frame["model"].tolist() == ["first", "last bits", "shown"]
    assert frame["rank"].tolist() == [1, 1, 3]


def test_rows_of_other_pictures_are_ranked_apart(store: FolderStore) -> None:
    store.add(
        measured(
            "elsewhere", dataset=record(given=images()).dataset.model_copy(update={"digest": "0"})
        )
    )
    frame = build_table(store.load(), "mini").frame
    assert frame["model"].tolist()[-1] == "elsewhere"
    assert frame["group"].tolist() == [1, 1, 1, 2]
    assert frame["rank"].tolist()[-1] == 1


def test_withdrawn_rows_leave_a_trace(store: FolderStore) -> None:
    id = measured("worse", 25.0).id
    assert board_command(store, "withdraw", id, "--reason", "a mistake").exit_code == 0
    table = build_table(store.load(), "mini")
    assert "worse" not in table.frame["model"].tolist()
    assert any("a mistake" in note for note in table.notes)


def test_formats_say_the_same(store: FolderStore) -> None:
    table = build_table(store.load(), "mini")
    expected = table.frame["psnr"].tolist()
    assert pd.read_csv(io.StringIO(render(table, "csv")))["psnr"].tolist() == expected
    assert [row["psnr"] for row in json.loads(render(table, "json"))["rows"]] == expected
    cells = [line.split(" | ") for line in render(table, "md").splitlines() if "| " in line]
    psnr = cells[0].index("PSNR")
    assert [row[psnr] for row in cells[2:]] == [f"{value:.2f}" for value in expected]
    assert all(name in render(table, "text") for name in ("best", "alike", "worse"))
    with pytest.raises(TableError, match="choose one of text"):
        render(table, "xml")


def test_names_can_be_neither_markup_nor_formulas(store: FolderStore) -> None:
    store.add(measured("=1+1|<b>"))
    table = build_table(store.load(), "mini")
    assert "'=1+1|<b>" in render(table, "csv")
    assert "=1+1\\|&lt;b&gt;" in render(table, "md")


def test_what_is_not_there_is_said(store: FolderStore) -> None:
    with pytest.raises(TableError, match="it has rows of: mini"):
        build_table(store.load(), "nowhere")
    with pytest.raises(TableError, match="under protocol 'x'"):
        build_table(store.load(), "mini", "x")


def test_the_commands(store: FolderStore, tmp_path: Path) -> None:
    assert "best" in board_command(store, "table").stdout
    assert "model: best" in board_command(store, "show", measured("best", 28.0).id).stdout
    assert "4 rows" in board_command(store, "rebuild").stdout
    file = tmp_path / "record.json"
    file.write_text(record("mine").to_json())
    about = ("--licence", "MIT", "--training-data", "none", "--contact", "me")
    command = ("submit", file, *about)
    assert board_command(store, *command, "--dry-run").exit_code == 0
    assert len(store.load().rows) == 4
    assert board_command(store, *command).exit_code == 0
    assert len(store.load().rows) == 5
    assert board_command(store, *command).exit_code == 1
    assert board_command(store, "show", "nothing").exit_code == 1


@pytest.mark.parametrize(
    ("trained_on", "dataset", "expected"),
    [
        ("GoPro train: 31 pairs", "gopro", ON_TRAIN),
        ("GOPRO_Large test", "gopro-subset5", ON_TEST),
        ("GoPro", "gopro", ON_TRAIN),
        ("GoPro train", "hide", ON_NEITHER),
        ("photos blurred by synthesis", "photos", ON_NEITHER),
    ],
)
def test_contamination_is_read_from_the_words(trained_on: str, dataset: str, expected: str) -> None:
    assert contamination([trained_on], dataset) == expected


def test_strangers_do_not_choose_what_the_board_opens_with(tmp_path: Path) -> None:
    """Neither the dataset nor the protocol that has the most of their rows comes first."""
    store = FolderStore(tmp_path / "board")
    store.add(measured("ours"))
    lai = record().dataset.model_copy(update={"name": "lai-real"})
    for number in range(3):
        for changes in ({"dataset": lai}, {"protocol": EvalProtocol(tiling=64)}):
            made = record(f"theirs-{number}", images(seed=number), **changes)
            store.add(Entry(kind="self-reported", record=made, submitted="2026-01-01"))
    board = store.load()
    assert datasets_of(board) == ["mini", "lai-real"]
    assert build_table(board, "mini").frame["model"].tolist() == ["ours"]


def test_a_full_width_sign_begins_no_formula(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "board")
    for name in ("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x", " =1+1"):
        store.add(measured(name))
    csv = pd.read_csv(io.StringIO(render(build_table(store.load(), "mini"), "csv")))
    assert csv["model"].str.startswith("'").all()

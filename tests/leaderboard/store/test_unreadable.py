"""A board whose disk or folders cannot be read says so, and shows what it can."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from leaderboard.judging.votes import VOTES
from leaderboard.store.folder_store import FolderStore
from leaderboard.tabs.leaderboard_tab import build_tab, prepare
from tests.leaderboard.ballots import rating
from tests.leaderboard.entries import measured

Break = Callable[[Path], None]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "board")
    for model in ("first", "second"):
        store.add(measured(model))
    store.add_vote(rating("ann", "first", 4))
    return store


@pytest.fixture
def break_folder(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Make a folder answer as one on a broken disk does."""
    scandir = os.scandir

    def broken(lost: Path) -> None:
        def scan(folder: Any) -> Any:
            if Path(folder) == lost:
                raise OSError(5, "Input/output error")
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", scan)

    return broken


@pytest.mark.parametrize(
    ("lost", "rows"), [(("mini", "second"), 1), (("mini",), 0), ((), 0), ((VOTES,), 2)]
)
def test_a_folder_that_cannot_be_read_is_named_and_the_others_are_shown(
    store: FolderStore, break_folder: Break, lost: tuple[str, ...], rows: int
) -> None:
    folder = store.root.joinpath(*lost)
    break_folder(folder)
    board = store.load()
    assert len(board.rows) == rows
    assert board.problems[0] == (
        f"{folder} cannot be read (Input/output error): what is in it is missing until it can"
    )


def test_an_entry_that_cannot_be_looked_at_is_named(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.is_file

    def is_file(path: Path) -> bool:
        if path.parent.name == "second":
            raise OSError(5, "Input/output error")
        return stat(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    board = store.load()
    assert board.rows["model"].tolist() == ["first"]
    assert "second" in board.problems[0]


def test_the_page_says_what_cannot_be_read(store: FolderStore, break_folder: Break) -> None:
    with gr.Blocks() as page, gr.Tabs() as tabs, gr.Tab() as tab:
        build_tab(page, tabs, tab, store, {}, lambda model, photo: photo, lambda: store.root)
    shows = [each.fn for each in page.fns.values() if each.name == "show" and each.fn]
    break_folder(store.root)
    told = shows[0]("mini", [], "", [], [], [], "any", [])[0]
    assert "the board has no rows to show yet" in told
    assert "board cannot be read (Input/output error)" in told
    assert str(store.root) not in told
    prepare(store)

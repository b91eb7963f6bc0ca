"""A Hub on this machine, a board's repository on it, and a folder to begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leaderboard.store.folder_store import FolderStore
from tests.leaderboard.entries import BOARD, measured
from tests.loopback_hub import TOKEN, Hub, Repo, loopback_hub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with loopback_hub() as hub:
        hub.adopt(monkeypatch, tmp_path / "home", TOKEN)
        yield hub


@pytest.fixture
def repo(hub: Hub) -> Repo:
    return hub.add_repo(BOARD, "dataset")


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder with two entries, one of them withdrawn."""
    store = FolderStore(tmp_path / "full")
    for name in ("first", "second"):
        store.add(measured(name))
    store.withdraw(measured("second").id, "a mistake")
    return store.root

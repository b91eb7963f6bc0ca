"""The commands of a board that follows a repository on the Hub."""

from pathlib import Path

import pytest
from huggingface_hub import constants
from typer.testing import CliRunner, Result

from leaderboard.__main__ import app
from leaderboard.store.folder_store import FolderStore
from leaderboard.store.mirror import Mirror
from leaderboard.store.mirrored_store import open_store
from tests.leaderboard.entries import BOARD, measured, record
from tests.loopback_hub import Hub, Repo


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of a board that the environment says follows BOARD."""
    monkeypatch.setattr(constants, "HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LEADERBOARD_ROOT", raising=False)
    monkeypatch.setenv("LEADERBOARD_REPO", BOARD)
    return tmp_path / "home" / "boards" / "somebody--board"


def test_the_command_says_what_came_and_went(hub: Hub, repo: Repo, full: Path) -> None:
    done = run("sync", "--repo", BOARD, "--root", str(full))
    assert done.output == f"{BOARD}: 0 files came, 3 went up, none waits\n"


def test_the_command_says_what_waits(hub: Hub, repo: Repo, full: Path) -> None:
    hub.fail(403, matching="preupload")
    done = run("sync", "--repo", BOARD, "--root", str(full))
    assert (done.exit_code, done.stdout) == (1, f"{BOARD}: 3 files wait in {full}\n")
    assert "set HF_TOKEN to one that may" in done.stderr


def test_commands_take_part_in_the_board_that_the_environment_names(
    hub: Hub, repo: Repo, full: Path, served: Path, tmp_path: Path
) -> None:
    Mirror(full, BOARD).sync()
    assert "first" in run("table", "--dataset", "mini").stdout
    done = run("withdraw", measured("first").id, "--reason", "a mistake")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"mini/first/{measured('first').id}.withdrawn.json" in repo.files()
    assert {*FolderStore(served).load().rows["model"]} == {"first", "second"}


def test_a_row_that_is_handed_in_while_the_hub_is_away_goes_up_with_the_next_command(
    hub: Hub, repo: Repo, served: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.json").write_text(record("mine").to_json())
    about = ["--licence", "MIT", "--training-data", "GoPro train", "--contact", "me@example.org"]
    hub.fail(None)
    done = run("submit", str(tmp_path / "mine.json"), *about)
    assert (done.exit_code, repo.files()) == (0, {})
    assert "goes up later" in done.stderr
    hub.recover()
    assert run("table").exit_code == 0
    assert len(repo.files()) == 1


def test_without_a_repository_nothing_asks_the_network(
    hub: Hub, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEADERBOARD_REPO", raising=False)
    assert run("table", "--root", str(full)).exit_code == 0
    open_store(full).load()
    assert hub.lines == []

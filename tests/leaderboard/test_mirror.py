"""The board's folder and a repository on the Hub, with the Hub's own client, through outages."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from typer.testing import CliRunner

from leaderboard import mirror
from leaderboard.__main__ import app
from leaderboard.errors import MirrorError
from leaderboard.mirror import Mirror, Synced, is_file_of_store
from leaderboard.mirrored_store import MirroredStore, open_store
from leaderboard.store import FolderStore
from tests.leaderboard.entries import measured
from tests.loopback_hub import TOKEN, Hub, Repo, loopback_hub

BOARD = "somebody/board"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with loopback_hub() as hub:
        hub.adopt(monkeypatch, tmp_path / "home", TOKEN)
        yield hub


@pytest.fixture
def repo(hub: Hub) -> Repo:
    return hub.add_repo(BOARD, "dataset")


def models(root: Path) -> set[str]:
    return {*FolderStore(root).load().rows["model"]}


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder with two entries, one of them withdrawn."""
    store = FolderStore(tmp_path / "full")
    for name in ("first", "second"):
        store.add(measured(name))
    store.withdraw(measured("second").id, "a mistake")
    return store.root


def test_each_side_gets_what_it_lacks(hub: Hub, repo: Repo, full: Path, tmp_path: Path) -> None:
    assert Mirror(full, BOARD).sync() == Synced(0, 3)
    other = tmp_path / "other"
    FolderStore(other).add(measured("third"))
    assert Mirror(other, BOARD).sync() == Synced(3, 1)
    assert Mirror(full, BOARD).sync() == Synced(1, 0)
    assert models(full) == models(other) == {"first", "second", "third"}
    assert FolderStore(other).history(measured("second").id).withdrawn is not None
    assert Mirror(full, BOARD).sync() == Synced(0, 0)


def test_a_second_look_fetches_nothing_again(hub: Hub, repo: Repo, full: Path) -> None:
    Mirror(full, BOARD).sync()
    hub.requests.clear()
    Mirror(full, BOARD).sync()
    assert not [line for line in hub.lines if "resolve" in line or "commit/" in line]


def test_what_others_keep_there_stays_out(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    wild = {"README.md": b"", ".gitattributes": b"", ".hidden/x.json": b"", "a/b.py": b""}
    repo.commit({**wild, "mini/x/../../../y.json": b"{}"})
    assert Mirror(tmp_path / "root", BOARD).sync() == Synced(0, 0)
    assert not (tmp_path / "root").exists()


def test_a_damaged_file_is_set_aside_and_named(hub: Hub, repo: Repo, full: Path) -> None:
    repo.commit({"mini/bad/0123456789abcdef.json": b"{ not json"})
    Mirror(full, BOARD).sync()
    board = FolderStore(full).load()
    assert {*board.rows["model"]} == {"first", "second"}
    assert any("0123456789abcdef" in problem for problem in board.problems)


@pytest.mark.parametrize("matching", ["preupload", "POST /api/datasets/somebody/board/commit"])
@pytest.mark.parametrize("status", [503, 429, None])
def test_an_outage_in_the_middle_loses_nothing(
    hub: Hub, repo: Repo, full: Path, matching: str, status: int | None
) -> None:
    hub.fail(status, matching=matching)
    with pytest.raises(MirrorError, match="goes up later"):
        Mirror(full, BOARD).sync()
    assert repo.files() == {}
    hub.recover()
    assert Mirror(full, BOARD).sync() == Synced(0, 3)
    assert len(repo.commits) == 2


def test_a_short_outage_is_waited_out(hub: Hub, repo: Repo, full: Path) -> None:
    hub.fail(503, matching="preupload", times=2)
    assert Mirror(full, BOARD).sync() == Synced(0, 3)


def test_a_cut_connection_leaves_no_half_file(
    hub: Hub, repo: Repo, full: Path, tmp_path: Path
) -> None:
    Mirror(full, BOARD).sync()
    hub.fail(None, matching=f"{measured('second').id}.json")
    other = tmp_path / "other"
    with pytest.raises(MirrorError):
        Mirror(other, BOARD).sync()
    assert models(other) == {"first"}
    assert FolderStore(other).load().problems == ()
    hub.recover()
    Mirror(other, BOARD).sync()
    assert models(other) == {"first", "second"}


def test_many_servers_at_once_lose_no_row(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    def serve(number: int) -> None:
        root = tmp_path / str(number)
        FolderStore(root).add(measured(f"model-{number}"))
        Mirror(root, BOARD).sync()

    threads = [threading.Thread(target=serve, args=[number]) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    Mirror(tmp_path / "last", BOARD).sync()
    assert models(tmp_path / "last") == {f"model-{number}" for number in range(6)}


def test_a_file_that_both_sides_made_is_not_overwritten(hub: Hub, repo: Repo, full: Path) -> None:
    place = "mini/second/" + measured("second").id + ".withdrawn.json"
    theirs = json.dumps({"reason": "theirs", "date": "2026-01-01"}).encode()
    repo.commit({place: theirs})
    Mirror(full, BOARD).sync()
    assert repo.files()[place] == theirs


def test_more_files_than_a_commit_takes_go_up_in_turns(
    hub: Hub, repo: Repo, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "MOST_FILES", 1)
    assert Mirror(full, BOARD).sync() == Synced(0, 3)
    assert len(repo.commits) == 4


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_not_write_is_told(hub: Hub, repo: Repo, full: Path, status: int) -> None:
    hub.fail(status, matching="preupload")
    with pytest.raises(MirrorError, match="set HF_TOKEN to one that may"):
        Mirror(full, BOARD).sync()


def test_a_repository_that_is_not_there_is_told(hub: Hub, full: Path) -> None:
    with pytest.raises(MirrorError, match=r"no dataset somebody/board .* create it"):
        Mirror(full, BOARD).sync()


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("mini/unet/0123456789abcdef.json", True),
        ("votes/2026/a.json", True),
        ("reported/gopro.json", True),
        ("x.json", False),
        ("../x/y.json", False),
        ("a/../b/y.json", False),
        ("/a/y.json", False),
        ("a/.b/y.json", False),
        ("a\\b/y.json", False),
        ("a/b.txt", False),
    ],
)
def test_only_paths_of_a_store_travel(path: str, ours: bool) -> None:
    assert is_file_of_store(path) is ours


def test_a_store_goes_on_without_the_hub_and_catches_up_after_a_restart(
    hub: Hub, repo: Repo, tmp_path: Path
) -> None:
    hub.fail(503)
    root = tmp_path / "root"
    down = threading.Event()
    first = Mirror(root, BOARD)
    sync = first.sync

    def watched() -> Synced:
        try:
            return sync()
        finally:
            down.set()

    first.sync = watched  # type: ignore[method-assign]
    store = MirroredStore(root, first)
    store.add(measured("new"))
    assert down.wait(30)
    assert {*store.load().rows["model"]} == {"new"}
    hub.recover()
    up = threading.Event()
    again = Mirror(root, BOARD)
    whole = again.sync
    again.sync = lambda: (whole(), up.set())[0]  # type: ignore[method-assign, func-returns-value]
    MirroredStore(root, again)
    assert up.wait(30)
    assert len(repo.files()) == 1


def test_the_environment_says_which_store(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LEADERBOARD_REPO", raising=False)
    monkeypatch.setenv("LEADERBOARD_ROOT", str(tmp_path))
    plain = open_store()
    assert (type(plain), plain.root) == (FolderStore, tmp_path)
    monkeypatch.setenv("LEADERBOARD_REPO", BOARD)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    followed = open_store()
    assert isinstance(followed, MirroredStore)
    assert (followed.mirror.repo, followed.root) == (BOARD, tmp_path)


def test_the_command_says_what_came_and_went(hub: Hub, repo: Repo, full: Path) -> None:
    arguments = ["sync", "--repo", BOARD, "--root", str(full)]
    done = CliRunner().invoke(app, arguments)
    assert done.output == f"{BOARD}: 0 files came, 3 went up\n"

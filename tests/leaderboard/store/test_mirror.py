"""The board's folder and a repository on the Hub, with the Hub's own client, through outages."""

import json
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import HfApi, constants

from deblur.language import Language, speaking
from leaderboard.errors import MirrorError
from leaderboard.store import mirror
from leaderboard.store.folder_store import FolderStore
from leaderboard.store.mirror import Mirror, Synced, is_file_of_store
from leaderboard.store.mirrored_store import MirroredStore, open_store
from tests.leaderboard.entries import BOARD, measured
from tests.loopback_hub import Hub, Repo


def models(root: Path) -> set[str]:
    return {*FolderStore(root).load().rows["model"]}


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


def test_files_are_listed_only_when_somebody_committed_since(
    hub: Hub, repo: Repo, full: Path
) -> None:
    Mirror(full, BOARD).sync()
    FolderStore(full).add(measured("third"))
    hub.requests.clear()
    assert Mirror(full, BOARD).sync() == Synced(0, 1)
    assert not [line for line in hub.lines if "/tree/" in line]


def test_what_waits_is_known_without_the_hub(hub: Hub, repo: Repo, full: Path) -> None:
    Mirror(full, BOARD).sync()
    hub.fail(503)
    FolderStore(full).withdraw(measured("first").id, "ours was wrong")
    with pytest.raises(MirrorError, match=r"answers 503; .* goes up later"):
        Mirror(full, BOARD).sync()
    after_a_restart = Mirror(full, BOARD)
    assert after_a_restart.waiting() == [f"mini/first/{measured('first').id}.withdrawn.json"]
    (full / ".cache" / "somebody--board.json").write_text("{ damaged")
    assert len(Mirror(full, BOARD).waiting()) == 4
    hub.recover()
    assert Mirror(full, BOARD).sync() == Synced(0, 1)


def test_votes_travel_as_entries_do(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    vote = tmp_path / "here" / "votes" / "01" / "0123456789abcdef.json"
    vote.parent.mkdir(parents=True)
    vote.write_text('{"left": "é"}', encoding="utf-8")
    Mirror(tmp_path / "here", BOARD).sync()
    Mirror(tmp_path / "there", BOARD).sync()
    copy = tmp_path / "there" / "votes" / "01" / "0123456789abcdef.json"
    assert copy.read_bytes() == vote.read_bytes()


def test_what_waits_for_a_moderator_does_not_go_up(hub: Hub, repo: Repo, full: Path) -> None:
    """Neither does its withdrawal; what is accepted goes, with the acceptance."""
    store = MirroredStore(full, Mirror(full, BOARD))
    entries = [
        measured(name).model_copy(update={"kind": "self-reported", "moderated": True})
        for name in ("good", "spam")
    ]
    for entry in entries:
        store.add(entry)
    store.withdraw(entries[1].id, "spam")
    assert store.sync() == Synced(0, 3)
    assert not any("good" in path or "spam" in path for path in repo.files())
    store.accept(entries[0].id)
    assert store.sync() == Synced(0, 2)
    assert sum("good" in path for path in repo.files()) == 2
    assert store.mirror.waiting() == []


def test_what_others_keep_there_stays_out(hub: Hub, repo: Repo, tmp_path: Path) -> None:
    wild = {"README.md": b"", ".gitattributes": b"", ".hidden/x.json": b"", "a/b.py": b""}
    outside = "../../0123456789abcdef.json"
    repo.commit({**wild, outside: b"{}", "my/private/notes.json": b"{}"})
    assert Mirror(tmp_path / "root", BOARD).sync() == Synced(0, 0)
    assert [path.name for path in (tmp_path / "root").iterdir()] == [".cache"]
    assert not (tmp_path.parent / "0123456789abcdef.json").exists()


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


@pytest.mark.parametrize("matching", ["preupload", "/commit/"])
@pytest.mark.parametrize("status", [503, None])
def test_a_short_outage_is_waited_out(
    hub: Hub, repo: Repo, full: Path, matching: str, status: int | None
) -> None:
    hub.fail(status, matching=matching, times=2)
    assert Mirror(full, BOARD).sync() == Synced(0, 3)


def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    hub: Hub, repo: Repo, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = HfApi.create_commit

    def lost(*args: Any, **options: Any) -> None:
        commit(*args, **options)
        raise httpx2.ReadTimeout("no answer")

    monkeypatch.setattr(HfApi, "create_commit", lost)
    Mirror(full, BOARD).sync()
    assert (len(repo.files()), len(repo.commits)) == (3, 2)


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


@pytest.mark.parametrize("status", [409, 412])
def test_a_commit_that_somebody_came_before_is_made_again(
    hub: Hub, repo: Repo, full: Path, status: int
) -> None:
    hub.fail(status, matching="/commit/", times=3)
    assert Mirror(full, BOARD).sync() == Synced(0, 3)
    hub.fail(status, matching="/commit/")
    FolderStore(full).add(measured("third"))
    with pytest.raises(MirrorError, match=r"others kept committing .* goes up later"):
        Mirror(full, BOARD).sync()


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
    monkeypatch.setattr(mirror, "MAX_FILES", 1)
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
        ("mini/unet/0123456789abcdef.withdrawn.json", True),
        ("votes/01/0123456789abcdef.json", True),
        ("reported/gopro.json", True),
        ("0123456789abcdef.json", False),
        ("mini/0123456789abcdef.json", False),
        ("mini/unet/settings.json", False),
        ("mini/unet/0123456789abcdef.txt", False),
        ("mini/unet/deep/0123456789abcdef.json", False),
        ("mini/../0123456789abcdef.json", False),
        ("/mini/0123456789abcdef.json", False),
        ("mini/.b/0123456789abcdef.json", False),
        ("mini\\unet/a/0123456789abcdef.json", False),
        ("reported/../gopro.json", False),
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
    store.follow()
    store.add(measured("new"))
    assert down.wait(30)
    assert {*store.load().rows["model"]} == {"new"}
    hub.recover()
    up = threading.Event()
    again = Mirror(root, BOARD)
    whole = again.sync
    again.sync = lambda: (whole(), up.set())[0]  # type: ignore[method-assign, func-returns-value]
    MirroredStore(root, again).follow()
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


def test_a_hub_that_comes_back_gets_what_waits_without_a_visitor(
    hub: Hub, repo: Repo, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leaderboard.store.mirrored_store.SYNC_SECONDS", 0.05)
    hub.fail(500, times=1, matching="/commit/")
    mirror, up = Mirror(full, BOARD), threading.Event()
    whole = mirror.sync
    mirror.sync = lambda: (whole(), up.set())[0]  # type: ignore[method-assign, func-returns-value]
    MirroredStore(full, mirror).follow()
    assert up.wait(30)
    assert len(repo.files()) == 3


def test_the_first_visitor_of_an_empty_board_sees_what_the_hub_has(
    hub: Hub, repo: Repo, full: Path, tmp_path: Path
) -> None:
    Mirror(full, BOARD).sync()
    board = open_store(tmp_path / "fresh", BOARD).load()
    assert ({*board.rows["model"]}, board.problems) == ({"first", "second"}, ())


def test_a_hub_that_is_away_is_named_on_the_board(hub: Hub, full: Path) -> None:
    hub.fail(503)
    assert any("the Hub answers 503" in each for each in open_store(full, BOARD).load().problems)


def test_a_hub_that_is_away_is_named_in_the_language_of_who_looks(hub: Hub, full: Path) -> None:
    hub.fail(503)
    store = open_store(full, BOARD)
    store.load()
    with speaking(Language.chinese):
        assert any("Hub 返回 503" in each for each in store.load().problems)

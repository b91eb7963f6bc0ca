"""Votes on disk: kept once, kept for good, and read quickly."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from leaderboard.judging.votes import Rating, Vote, VoteFolder, Votes, id_of, model_of
from leaderboard.store import mirrored_store
from leaderboard.store.folder_store import FolderStore
from leaderboard.store.mirror import Mirror
from leaderboard.store.mirrored_store import MirroredStore
from tests.leaderboard.ballots import preference, rating
from tests.leaderboard.entries import measured
from tests.loopback_hub import TOKEN, Hub

VOTES: list[Vote] = [
    rating("ann", "unet@1234abcd", 4),
    rating("ann", "unet@1234abcd", 3, again=True),
    rating("ben", "unet@1234abcd", 2),
    preference("ann", "blurred", "unet@1234abcd", "right"),
]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path)
    for vote in VOTES:
        assert store.add_vote(vote)
    return store


def test_votes_are_there_after_a_restart(store: FolderStore) -> None:
    found = FolderStore(store.root).votes()
    assert {*found.votes} == {*VOTES}
    assert found.problems == ()


def test_of_repeated_answers_the_first_counts(store: FolderStore) -> None:
    assert not store.add_vote(rating("ann", "unet@1234abcd", 1))
    assert not store.add_vote(preference("ann", "unet@1234abcd", "blurred", "right"))
    assert {*store.votes().votes} == {*VOTES}


def test_new_votes_of_others_are_seen(store: FolderStore) -> None:
    assert len(store.votes().votes) == len(VOTES)
    other = rating("cleo", "unet@1234abcd", 5)
    FolderStore(store.root).add_vote(other)
    assert other in store.votes().votes


def test_of_many_at_once_one_is_kept(tmp_path: Path) -> None:
    given = [rating("ann", "unet", grade) for grade in (1, 2, 3, 4, 5)] * 8
    stores = [FolderStore(tmp_path) for _ in given]
    with ThreadPoolExecutor(8) as pool:
        kept = [*pool.map(FolderStore.add_vote, stores, given)]
    assert kept.count(True) == 1
    (vote,) = FolderStore(tmp_path).votes().votes
    assert vote == given[kept.index(True)]


def test_the_board_takes_no_offence_at_votes(store: FolderStore) -> None:
    store.add(measured("first"))
    board = store.load()
    assert board.problems == ()
    assert [*board.rows["model"]] == ["first"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}", b'{"kind": "rating", "grade": 6}'])
def test_a_damaged_vote_is_named_and_left(store: FolderStore, content: bytes) -> None:
    path = store.root / "votes" / "01" / "0123456789abcdef.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    for _ in range(2):
        found = store.votes()
        assert {*found.votes} == {*VOTES}
        assert len(found.problems) == 1
        assert str(path) in found.problems[0]
    assert path.read_bytes() == content


def test_a_vote_that_was_altered_counts_for_nothing(store: FolderStore) -> None:
    path = next((store.root / "votes").rglob("*.json"))
    vote = json.loads(path.read_text())
    path.write_text(json.dumps({**vote, "rater": "0" * 16}))
    found = FolderStore(store.root).votes()
    assert len(found.votes) == len(VOTES) - 1
    assert "altered or moved" in found.problems[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [("grade", 0), ("grade", 6), ("rater", "ann"), ("shown", ("a", "b")), ("photo", "")],
)
def test_what_is_no_rating_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        Rating.model_validate({**rating("ann", "unet", 3).model_dump(), field: value})


def test_a_vote_does_not_tell_how_to_vote_for_its_rater(store: FolderStore) -> None:
    texts = [path.read_text() for path in (store.root / "votes").rglob("*.json")]
    assert not any("ann" in text for text in texts)


def test_sides_do_not_change_the_question_but_asking_again_does() -> None:
    left = preference("ann", "a", "b", "left")
    assert id_of(left) == id_of(preference("ann", "b", "a", "tie"))
    assert id_of(VOTES[0]) != id_of(VOTES[1])
    assert left.winner == "a"
    assert preference("ann", "b", "a", "right").winner == "a"
    assert model_of("unet@1234abcd") == "unet"


def test_votes_go_up_by_themselves(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = hub.add_repo("somebody/board", "dataset")
    monkeypatch.setattr(mirrored_store, "SYNC_SECONDS", 0.05)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    mirror, done = Mirror(tmp_path, "somebody/board"), threading.Semaphore(0)
    whole = mirror.sync
    mirror.sync = lambda: (whole(), done.release())[0]  # type: ignore[method-assign, func-returns-value]
    store = MirroredStore(tmp_path, mirror)
    store.follow()
    assert done.acquire(timeout=30)
    for vote in VOTES:
        store.add_vote(vote)
    while len(repo.files()) < len(VOTES):
        assert done.acquire(timeout=30)
    elsewhere = Mirror(tmp_path / "elsewhere", "somebody/board")
    elsewhere.sync()
    assert {*FolderStore(elsewhere.root).votes().votes} == {*VOTES}


def test_an_answer_that_was_taken_back_does_not_count_and_can_be_given_anew(tmp_path: Path) -> None:
    folder = VoteFolder(tmp_path)
    first, second = rating("ann", "blurred", 2), rating("ann", "blurred", 5)
    assert folder.add(first)
    assert not folder.add(second)
    assert folder.undo(first)
    assert folder.load() == Votes()
    assert not folder.undo(first), "there is nothing left to take back"
    assert folder.add(second)
    (vote,) = VoteFolder(tmp_path).load().votes
    assert isinstance(vote, Rating)
    assert (vote.grade, vote.attempt) == (5, 1)
    assert not folder.add(first)

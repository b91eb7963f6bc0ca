"""The desk behind the tab: questions out, answers in, and what is told of them."""

import tempfile
from pathlib import Path
from random import Random

import gradio as gr
import numpy as np
import pytest

from deblur.errors import WeightsCorruptError
from deblur.image_io import DecodedImage, write_image
from leaderboard.judging.exhibits import Exhibits
from leaderboard.judging.questions import Photo, Programme, contestants
from leaderboard.judging.standings import standing_html
from leaderboard.judging.votes import BLURRED, SHARP, Preference, Rating, Vote, rater_of
from leaderboard.store.folder_store import FolderStore
from leaderboard.tabs.judging_tab import MAX_RATERS, Desk
from tests.leaderboard.ballots import check, preference, rating


def restore(model: str, photo: Path) -> Path:
    if model == "broken":
        raise WeightsCorruptError("the weights are damaged")
    return photo


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Two photos, one of which is damaged, before a model that does nothing."""
    write_image(DecodedImage(np.zeros((8, 8, 3), np.uint8), None, "png"), tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    photos = [Photo("mini", name, tmp_path / f"{name}.png") for name in ("good", "bad")]
    exhibits = Exhibits(restore, lambda: Path(tempfile.mkdtemp(dir=tmp_path)))
    programme = Programme(photos, (BLURRED, "same@1"), Random(0))
    return Desk(FolderStore(tmp_path / "store"), programme, exhibits)


def test_a_damaged_photo_is_told_and_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda text, title: told.append(text))
    for person in map(str, range(12)):
        desk.store.add_vote(rating(person, BLURRED, 3))
        trial, pictures = desk.next("rating", person)
        assert trial is not None
        assert trial.photo.id == "good"
        assert len(pictures) == 1
    assert len(told) == 1
    assert told[0].startswith("bad is left out")


def test_a_model_that_fails_is_told_and_no_photo_is_left_out(tmp_path: Path, desk: Desk) -> None:
    photo = Photo("mini", "good", tmp_path / "good.png")
    exhibits = Exhibits(restore, lambda: Path(tempfile.mkdtemp(dir=tmp_path)))
    desk = Desk(desk.store, Programme([photo], ("broken@1",)), exhibits)
    desk.store.add_vote(rating("ann", BLURRED, 3))
    for _ in range(2):
        with pytest.raises(gr.Error, match="weights are damaged"):
            desk.next("rating", "ann")


def test_an_answer_is_kept_and_the_next_question_is_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gr, "Warning", lambda text, title: None)
    first, _ = desk.next("preference", "ann")
    assert first is not None
    desk.take("preference", "ann", first, "left")
    desk.take("preference", "ann", first, "right")
    (vote,) = desk.store.votes().votes
    assert isinstance(vote, Preference)
    assert (vote.rater, vote.winner) == (rater_of("ann"), first.shown[0])
    second, pictures = desk.next("preference", "ann")
    assert second is not None
    assert {*first.shown} == {BLURRED, SHARP} != {*second.shown}
    assert len(pictures) == 2


def test_how_models_stand_shows_after_a_vote(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gr, "Warning", lambda text, title: None)
    trial, _ = desk.next("rating", "ann")
    assert trial is not None
    assert desk.standing("rating", "ann") == ""
    desk.take("rating", "ann", trial, "4")
    (vote,) = desk.store.votes().votes
    assert isinstance(vote, Rating)
    assert vote.grade == 4
    desk.store.add_vote(rating("ben", BLURRED, 3))
    assert "Blurred" not in desk.standing("rating", "ann"), "nobody has passed a check"
    desk.store.add_vote(check("ben", "coffee", passed=True))
    assert "Blurred" in desk.standing("rating", "ann")
    assert desk.standing("rating", "cleo") == ""


def test_a_damaged_vote_is_named_on_the_page(desk: Desk) -> None:
    path = desk.store.root / "votes" / "01" / "<b>.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    told = desk.standing("rating", "ann")
    assert "is no vote" in told
    assert "<b>.json" not in told


def test_the_table_has_scores_intervals_and_the_published_ranking() -> None:
    votes: list[Vote] = [rating(f"{n}", BLURRED, 2 + n % 2) for n in range(8)]
    votes += [check(f"{n}", "coffee", passed=True) for n in range(8)]
    html = standing_html("rating", votes, "mini")
    assert "2.50" in html
    assert "--low:" in html
    assert "Pan-14" not in html
    few: list[Vote] = [
        preference("ann", BLURRED, contestants()[1], "left"),
        check("ann", "coffee", passed=True),
    ]
    html = standing_html("preference", few, "mini")
    assert "too few votes" in html
    assert "Pan-14" in html
    assert "inf" not in html
    assert standing_html("rating", [], "mini") == ""


def test_votes_for_former_weights_are_counted_apart() -> None:
    now = contestants()[1]
    former = f"{now.partition('@')[0]}@00000000"
    today: list[Vote] = [rating(f"{n}", now, 4) for n in range(6)]
    old: list[Vote] = [rating(f"{n}", former, 1, f"{n}") for n in range(3)]
    elsewhere = [old[0].model_copy(update={"dataset": "photos-mine"})]
    duel: list[Vote] = [preference("ann", former, BLURRED, "left")]
    people = [*(f"{n}" for n in range(6)), "ann"]
    checks: list[Vote] = [check(each, "coffee", passed=True) for each in people]
    html = standing_html("rating", [*today, *old, *elsewhere, *duel, *checks], "mini")
    assert "4.00" in html
    assert "3 votes are for earlier weights of these models" in html
    assert "1 vote is for earlier weights" in standing_html("preference", [*duel, *checks], "mini")
    assert "former" not in standing_html("rating", [*today, *duel, *checks], "mini")


def test_too_many_answers_from_an_address_are_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gr, "Warning", lambda text, title: None)
    trial, _ = desk.next("preference", "ann")
    assert trial is not None
    for number in range(MAX_RATERS):
        assert desk.take("preference", f"{number}", trial, "left", "192.0.2.1")
    assert not desk.take("preference", "one more", trial, "left", "192.0.2.1")
    assert desk.take("preference", "one more", trial, "left", "192.0.2.2")
    assert len(desk.store.votes().votes) == MAX_RATERS + 1

"""What is shown next: balanced, shuffled, checked, and never twice."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.errors import DatasetError
from deblur.image_io import DecodedImage, write_image
from leaderboard.judging.questions import (
    Kind,
    Photo,
    Programme,
    Trial,
    contestants,
    counted_votes,
    photos_to_judge,
)
from leaderboard.judging.votes import BLURRED, SHARP, Preference, Rating, Vote, rater_of, subject_of
from tests.leaderboard.ballots import DAY, rating

PHOTOS = [Photo("mini", f"{number}", Path("b"), Path("s")) for number in range(6)]
CONTESTANTS = (BLURRED, "a@1", "b@1", "c@1")
CHECKS = ({SHARP}, {BLURRED, SHARP})


def vote_on(trial: Trial, person: str) -> Vote:
    about = {
        "rater": rater_of(person),
        "dataset": trial.photo.dataset,
        "photo": trial.photo.id,
        "date": DAY,
        "shown": trial.shown,
        "again": trial.again,
    }
    if len(trial.shown) == 1:
        return Rating.model_validate({**about, "grade": 3})
    return Preference.model_validate({**about, "choice": "tie"})


def sitting(
    kind: Kind, people: int, length: int, votes: list[Vote] | None = None
) -> list[tuple[str, Trial]]:
    """What people are asked who answer in turns."""
    programme, votes = Programme(PHOTOS, CONTESTANTS, Random(0)), [] if votes is None else votes
    asked: list[tuple[str, Trial]] = []
    last: dict[str, Trial] = {}
    for _ in range(length):
        for person in map(str, range(people)):
            trial = programme.next(kind, votes, rater_of(person), last.get(person))
            if trial is not None:
                last[person] = trial
                asked.append((person, trial))
                votes.append(vote_on(trial, person))
    return asked


def regular(asked: list[tuple[str, Trial]]) -> list[Trial]:
    return [trial for _, trial in asked if not trial.again and {*trial.shown} not in CHECKS]


@pytest.mark.parametrize("kind", ["rating", "preference"])
def test_everything_is_shown_about_equally_often(kind: Kind) -> None:
    trials = regular(sitting(kind, 7, 12))
    models = Counter(each for trial in trials for each in trial.shown)
    photos = Counter(trial.photo.id for trial in trials)
    subjects = Counter(trial.subject for trial in trials)
    for counts, whole in ((models, CONTESTANTS), (photos, PHOTOS)):
        assert len(counts) == len(whole)
        assert max(counts.values()) - min(counts.values()) <= 3
    assert max(subjects.values()) - min(subjects.values()) <= 1


@pytest.mark.parametrize(("kind", "questions"), [("rating", 24), ("preference", 36)])
def test_everybody_is_asked_everything_once_and_then_no_more(kind: Kind, questions: int) -> None:
    votes: list[Vote] = []
    trials = regular(sitting(kind, 1, 80, votes))
    assert len(trials) == len({trial.subject for trial in trials}) == questions
    programme = Programme(PHOTOS, CONTESTANTS)
    assert programme.next(kind, votes, rater_of("0")) is None
    assert programme.progress(kind, votes, rater_of("0")) == (questions, questions)
    assert programme.progress(kind, votes, rater_of("new")) == (0, questions)
    assert programme.next(kind, votes, rater_of("new")) is not None


def test_sides_and_order_are_shuffled() -> None:
    trials = [trial for _, trial in sitting("preference", 20, 10)]
    first = Counter(trial.shown[0] == min(trial.shown) for trial in trials)
    assert 0.35 < first[True] / len(trials) < 0.65
    checked = [vote_on(Trial(PHOTOS[0], (BLURRED, SHARP)), "0")]
    begun = {
        Programme(PHOTOS, CONTESTANTS, Random(seed)).next("preference", checked, rater_of("0"))
        for seed in range(40)
    }
    assert len(begun) > 10


@pytest.mark.parametrize("kind", ["rating", "preference"])
def test_every_fifth_question_checks_who_answers(kind: Kind) -> None:
    trials = [trial for _, trial in sitting(kind, 1, 22)]
    checks = {n for n, trial in enumerate(trials) if trial.again or {*trial.shown} in CHECKS}
    assert checks == {0, 5, 10, 15, 20}
    if kind == "rating":
        again = [trial for trial in trials if trial.again]
        assert len(again) == 2
        assert all(each.subject in {trial.subject for trial in trials[:16]} for each in again)


def test_a_picture_is_not_asked_again_at_once() -> None:
    asked = [trial for _, trial in sitting("rating", 1, 24)]
    for before, after in pairwise(asked):
        assert before.subject != after.subject


def test_photos_without_originals_are_checked_with_those_that_come_with_the_project() -> None:
    photos = [Photo("photos-mine", "1", Path("b"))]
    programme = Programme(photos, CONTESTANTS)
    first = programme.next("preference", [], rater_of("0"))
    assert first is not None
    assert {*first.shown} == {BLURRED, SHARP}
    assert (first.photo.dataset, first.photo.sharp is not None) == ("mini", True)


def test_the_first_two_grades_tell_whether_somebody_looks() -> None:
    first, second = [trial for _, trial in sitting("rating", 1, 2)]
    assert (first.shown, second.shown) == ((SHARP,), (BLURRED,))


def test_a_photo_that_is_left_out_does_not_come() -> None:
    programme = Programme(PHOTOS, CONTESTANTS)
    for photo in PHOTOS[1:]:
        programme.leave_out(photo)
    asked = programme.next("rating", [], "x")
    assert asked is not None
    assert asked.photo == PHOTOS[0]


def test_who_takes_part_ships_with_the_project() -> None:
    names = [each.partition("@") for each in contestants()]
    assert names[0] == (BLURRED, "", "")
    assert {"residual-unet-s", "srcnn"} <= {name for name, _, _ in names}
    assert "nafnet-reds" not in {name for name, _, _ in names}
    assert all(len(revision) == 8 for name, _, revision in names if name != BLURRED)


def test_votes_for_former_weights_count_no_more() -> None:
    now = next(each for each in contestants() if each.startswith("srcnn@"))
    votes: list[Vote] = [rating("ann", now, 4), rating("ann", "srcnn@00000000", 1)]
    assert counted_votes(votes, "mini") == votes[:1]
    assert counted_votes(votes, "photos-mine") == []
    assert subject_of(votes[0])[:2] == ("mini", "coffee")


def test_a_folder_of_the_operators_is_shown_instead(tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    write_image(DecodedImage(np.zeros((8, 8, 3), np.uint8), None, "png"), folder / "beach.png")
    (photo,) = photos_to_judge(str(folder))
    assert (photo.dataset, photo.id, photo.sharp) == ("photos-holiday", "beach", None)
    embedded = photos_to_judge()
    assert {each.dataset for each in embedded} == {"mini"}
    assert len(embedded) == 20
    assert not any("moving" in each.id for each in embedded)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no folder"):
        photos_to_judge(str(tmp_path / "nowhere"))

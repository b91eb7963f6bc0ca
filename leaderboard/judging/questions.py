"""What a person sees next: everything about equally often, in an unpredictable order."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from random import Random, SystemRandom
from typing import Literal

from benchmarks.datasets import open_dataset
from deblur.catalog import CATALOG
from deblur.spec import ModelSpec
from leaderboard.judging.votes import BLURRED, SHARP, Rating, Subject, Vote, subject_of

Kind = Literal["rating", "preference"]
SIDES: dict[Kind, int] = {"rating": 1, "preference": 2}
"""How many pictures are shown at once."""

CHECK_EVERY = 5
"""The first of this many questions is a check of whether people look; see `raters`."""

REVISION = 8
"""Digits of the SHA-256 by which the weights of a contestant are known."""

EMBEDDED = "mini"
CUT_OUT = "moving"
"""Its pictures where a piece of the photo passes by, which looks wrong even in the original."""


@dataclass(frozen=True)
class Photo:
    """A blurred photo that may be shown, and the original where there is one."""

    dataset: str
    id: str
    blurred: Path
    sharp: Path | None = None


@dataclass(frozen=True)
class Trial:
    """A photo as contestants show it, the left one first; `again` where it was asked before."""

    photo: Photo
    shown: tuple[str, ...]
    again: bool = False

    @property
    def subject(self) -> Subject:
        """What is judged, whatever its sides."""
        return self.photo.dataset, self.photo.id, frozenset(self.shown)


def photos_to_judge(folder: str = "") -> list[Photo]:
    """The photos in a folder, as JUDGE_PHOTOS names it, or else the embedded ones.

    Raises DatasetError for a folder without photos.
    """
    if not folder:
        return _photos(EMBEDDED, EMBEDDED, None)
    root = Path(folder).expanduser()
    return _photos("photos", f"photos-{root.resolve().name}", root)


def contestants() -> tuple[str, ...]:
    """What is compared: the blurred photo, and every model that comes with the project."""
    shipped = (spec for spec in CATALOG.values() if spec.weights and not spec.from_elsewhere)
    return (BLURRED, *map(_contestant, shipped))


def counted_votes(votes: Iterable[Vote], dataset: str) -> list[Vote]:
    """The votes on a dataset for what takes part today, and not for a model's former weights."""
    today = {*contestants(), SHARP}
    return [vote for vote in votes if vote.dataset == dataset and today.issuperset(vote.shown)]


class Programme:
    """Which question comes next, for photos of one dataset."""

    def __init__(
        self,
        photos: Sequence[Photo],
        contestants: Sequence[str],
        random: Random | None = None,
    ) -> None:
        self.dataset = photos[0].dataset
        self._photos, self._contestants = [*photos], contestants
        self._originals = [photo for photo in photos if photo.sharp]
        self._originals = self._originals or _photos(EMBEDDED, EMBEDDED, None)
        self._random = random or SystemRandom()

    def next(
        self, kind: Kind, votes: Sequence[Vote], rater: str, last: Trial | None = None
    ) -> Trial | None:
        """The next question to a person, after `last`; None when they have answered all.

        Every few questions, and at first, there is a check. The others are those that were
        answered least so far, by everybody; chance decides among equals, and which picture is on
        the left.
        """
        own = [vote for vote in votes if vote.kind == kind and vote.rater == rater]
        if len(own) % CHECK_EVERY == 0:
            trial = self._check(kind, votes, own, last)
        else:
            trial = self._first_blurred(kind, votes, own)
        trial = trial or self._least_answered(self._questions(kind), kind, votes, own)
        if trial is None:
            return None
        shown = tuple(self._random.sample(trial.shown, len(trial.shown)))
        return Trial(trial.photo, shown, trial.again)

    def leave_out(self, photo: Photo) -> None:
        """Show a photo no more; one that cannot be read, say."""
        self._photos = [each for each in self._photos if each != photo]
        self._originals = [each for each in self._originals if each != photo]

    def progress(self, kind: Kind, votes: Iterable[Vote], rater: str) -> tuple[int, int]:
        """How many of how many questions a person has answered, without the checks."""
        asked = {trial.subject for trial in self._questions(kind)}
        answered = {subject_of(vote) for vote in votes if vote.kind == kind and vote.rater == rater}
        return len(asked & answered), len(asked)

    def _questions(self, kind: Kind) -> list[Trial]:
        shown = [*combinations(self._contestants, SIDES[kind])]
        return [Trial(photo, each) for photo in self._photos for each in shown]

    def _check(
        self, kind: Kind, votes: Sequence[Vote], own: Sequence[Vote], last: Trial | None
    ) -> Trial | None:
        """An original to be graded and a picture again, in turns; an original beside its blur."""
        shown = (SHARP,) if kind == "rating" else (BLURRED, SHARP)
        originals = [Trial(photo, shown) for photo in self._originals]
        checks: list[Callable[[], Trial | None]] = [
            partial(self._least_answered, originals, kind, votes, own),
            partial(self._again, own, last),
        ]
        if len(own) // CHECK_EVERY % 2:
            checks.reverse()
        return next((trial for check in checks if (trial := check())), None)

    def _first_blurred(
        self, kind: Kind, votes: Sequence[Vote], own: Sequence[Vote]
    ) -> Trial | None:
        """A blurred picture for a person who has graded none: originals are compared with it."""
        if kind != "rating" or any(vote.shown == (BLURRED,) for vote in own):
            return None
        blurred = [trial for trial in self._questions(kind) if trial.shown == (BLURRED,)]
        return self._least_answered(blurred, kind, votes, own)

    def _again(self, own: Sequence[Vote], last: Trial | None) -> Trial | None:
        """A picture that the person has graded once, and not just now."""
        again = {subject_of(vote) for vote in own if vote.again}
        once = {subject_of(vote) for vote in own if isinstance(vote, Rating)} - again
        seen = last.subject if last else None
        return self._any(
            Trial(trial.photo, trial.shown, again=True)
            for trial in self._questions("rating")
            if trial.subject in once and trial.subject != seen
        )

    def _least_answered(
        self, trials: Sequence[Trial], kind: Kind, votes: Sequence[Vote], own: Sequence[Vote]
    ) -> Trial | None:
        """One that was answered least; among these, of models and then photos that were."""
        asked = {trial.subject for trial in trials}
        there = (vote for vote in votes if vote.kind == kind and not vote.again)
        counted = [vote for vote in there if subject_of(vote) in asked]
        subjects = Counter(subject_of(vote) for vote in counted)
        models = Counter(each for vote in counted for each in vote.shown)
        photos = Counter((vote.dataset, vote.photo) for vote in counted)
        answered = {subject_of(vote) for vote in own}

        def order(trial: Trial) -> tuple[int, int, int]:
            shown = sum(models[each] for each in trial.shown)
            return subjects[trial.subject], shown, photos[trial.photo.dataset, trial.photo.id]

        left = [trial for trial in trials if trial.subject not in answered]
        least = min(map(order, left), default=None)
        return self._any(trial for trial in left if order(trial) == least)

    def _any(self, trials: Iterable[Trial]) -> Trial | None:
        found = [*trials]
        return self._random.choice(found) if found else None


def _photos(name: str, recorded: str, root: Path | None) -> list[Photo]:
    return [
        Photo(recorded, item.id, item.blurred, item.sharp)
        for item in open_dataset(name, root).items
        if CUT_OUT not in item.categories
    ]


def _contestant(spec: ModelSpec) -> str:
    weights = spec.weights_file(".onnx") or spec.weights[0]
    return f"{spec.name}@{weights.sha256[:REVISION]}"

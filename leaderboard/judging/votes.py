"""What people say of restored pictures: one small file a vote, at ROOT/votes/.., never replaced.

A file is named after who was asked what, so that of a person's answers to a question the first
one stays, and votes of several servers on one store never meet under one name.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from deblur.files import create_once
from deblur.language import say
from deblur.records.digests import LENGTH, digest_of_json
from deblur.records.run_result import Record
from leaderboard.store.files import VOTES, unreadable

BLURRED, SHARP = "blurred", "sharp"
"""What is judged beside models: the photo that nothing restored, and the original."""

GRADES = {5: "Excellent", 4: "Good", 3: "Fair", 2: "Poor", 1: "Bad"}
"""ITU-T P.910, absolute category rating: five grades, labelled."""

Grade = Literal[1, 2, 3, 4, 5]
Choice = Literal["left", "right", "tie"]
MAX_ATTEMPTS = 10
"""Answers to one question, of which all but the last were taken back."""

UNDONE = ".undone.json"
"""How the name of a file ends that takes the vote beside it back."""

Digest = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{LENGTH}}}$")]
Name = Annotated[str, Field(min_length=1, max_length=300)]


class _Judgement(Record):
    """What `rater`, a digest of a person's random id, was shown. `shown` has contestants.

    A contestant is a model's name and, after an @, how its weights' SHA-256 starts; `again` is
    set where a person is asked a second time, to see whether the answer stays, and `attempt`
    counts the answers to the same question that were taken back before.
    """

    vote_version: Literal[1] = 1
    rater: Digest
    dataset: Name
    photo: Name
    again: bool = False
    attempt: int = Field(0, ge=0, lt=MAX_ATTEMPTS)
    date: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")


class Rating(_Judgement):
    """One picture on the scale of GRADES."""

    kind: Literal["rating"] = "rating"
    shown: tuple[Name]
    grade: Grade


class Preference(_Judgement):
    """Which of two restored pictures of a photo looks better; `shown` has the left one first."""

    kind: Literal["preference"] = "preference"
    shown: tuple[Name, Name]
    choice: Choice

    @property
    def winner(self) -> str | None:
        """The contestant that was preferred; None in a tie."""
        return None if self.choice == "tie" else self.shown[self.choice == "right"]


Vote = Rating | Preference
Subject = tuple[str, str, frozenset[str]]
"""What is judged, whatever its sides: dataset, photo, contestants."""

_VOTE: TypeAdapter[Vote] = TypeAdapter(Annotated[Vote, Field(discriminator="kind")])


@dataclass(frozen=True)
class Votes:
    """All votes, in no order that means anything; `problems` names files that hold none."""

    votes: tuple[Vote, ...] = ()
    problems: tuple[str, ...] = ()


class VoteFolder:
    """The votes of a store: ROOT/votes/AB/ID.json, AB being how the id starts.

    Many processes may add at once. What was read is remembered, since no file ever changes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root / VOTES
        self._known: dict[str, Vote] = {}
        self._loaded = Votes()
        self._one_at_a_time = threading.Lock()

    def add(self, vote: Vote) -> bool:
        """Keep a vote; False when this person has answered that question before.

        Raises OSError when it cannot be written.
        """
        for tried in _attempts(vote):
            path = self._path(tried)
            if create_once(
                path, tried.model_dump_json(exclude=None if tried.attempt else {"attempt"})
            ):
                return True
            if not path.with_suffix(UNDONE).exists():
                return False
        return False

    def undo(self, vote: Vote) -> bool:
        """Take the answer to a vote's question back; False when there is none.

        Its file stays, and one beside it says that it does not count. Raises OSError when that
        cannot be written.
        """
        for tried in _attempts(vote):
            path = self._path(tried)
            if not path.is_file():
                return False
            if create_once(path.with_suffix(UNDONE), "{}"):
                return True
        return False

    def load(self) -> Votes:
        """All votes, the same tuple for as long as nothing changes.

        A file that is damaged or foreign is named, and left alone.
        """
        problems = []
        with self._one_at_a_time:
            try:
                found = [*_files(self.root)]
            except OSError as error:
                return Votes((), (unreadable(self.root, error),))
            undone = {path.removesuffix(UNDONE) for path in found if path.endswith(UNDONE)}
            found = [path for path in found if path.removesuffix(".json") not in undone]
            found = [path for path in found if not path.endswith(UNDONE)]
            for path in found:
                if path not in self._known:
                    try:
                        self._known[path] = _read(Path(path))
                    except (OSError, ValueError) as error:
                        problems.append(
                            say("{file} is no vote ({reason})", file=path, reason=_told(error))
                        )
            votes = tuple(self._known[path] for path in found if path in self._known)
            if problems or votes != self._loaded.votes:
                self._loaded = Votes(votes, tuple(problems))
            return self._loaded

    def _path(self, vote: Vote) -> Path:
        id = id_of(vote)
        return self.root / id[:2] / f"{id}.json"


def _attempts(vote: Vote) -> Iterator[Vote]:
    """The same vote as a first answer, and as one after others were taken back."""
    for attempt in range(MAX_ATTEMPTS):
        yield vote.model_copy(update={"attempt": attempt})


def rater_of(person: str) -> str:
    """How votes name a person: a digest, so that who reads votes cannot cast them for others."""
    return hashlib.sha256(person.encode()).hexdigest()[:LENGTH]


def model_of(contestant: str) -> str:
    """The name of the model, as the board has it."""
    return contestant.partition("@")[0]


def subject_of(vote: Vote) -> Subject:
    """What a vote is about."""
    return vote.dataset, vote.photo, frozenset(vote.shown)


def id_of(vote: Vote) -> str:
    """A digest of the question, the person and how often they were asked, not of the answer."""
    *where, shown = subject_of(vote)
    again = [vote.attempt] if vote.attempt else []
    return digest_of_json([vote.kind, vote.rater, *where, sorted(shown), vote.again, *again])


def _read(path: Path) -> Vote:
    vote = _VOTE.validate_json(path.read_bytes())
    if path.name != f"{id_of(vote)}.json":
        raise ValueError(say("it was altered or moved: its name is not what it says"))
    return vote


def _files(folder: Path) -> Iterator[str]:
    """Paths of all visible files below the votes' folder."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as shelves:
        for shelf in sorted(shelves, key=lambda each: each.name):
            if shelf.is_dir() and not shelf.name.startswith("."):
                with os.scandir(shelf) as files:
                    yield from (each.path for each in files if not each.name.startswith("."))


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or say('content')}: {first['msg']}"
    return str(error)

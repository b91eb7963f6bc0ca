"""A folder: the next photo is read while one is restored, in order, and two are held at most."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any

import numpy as np
import pytest

from deblur.cli import overlap
from deblur.cli.jobs import Job
from deblur.cli.overlap import one_after_the_other
from deblur.cli.photo_worker import Outcome, PhotoWorker
from deblur.errors import CancelledError, UnreadableImageError
from deblur.image_io import DecodedImage

TIMEOUT_SECONDS = 20
JOBS = [Job(Path(f"{number}.png"), Path(f"out/{number}.png")) for number in range(5)]


@dataclass
class MadeUp:
    """Restores nothing, and writes down what happens."""

    side: int = 2
    broken: str = ""
    told: list[str] = field(default_factory=list)
    read: dict[str, Event] = field(default_factory=lambda: {j.blurred.name: Event() for j in JOBS})
    held: set[str] = field(default_factory=set)
    most: int = 0
    lock: Any = field(default_factory=Lock)

    def restore_file(self, blurred: Path, restored: Path, **given: Any) -> Any:
        name = blurred.name
        with self.lock:
            self.held.add(name)
            self.most = max(self.most, len(self.held))
        try:
            self.read[name].set()
            if name == self.broken:
                raise UnreadableImageError(f"{name} is broken")
            photo = DecodedImage(np.zeros((self.side, self.side, 3), np.uint8), None, "PNG")
            turn: AbstractContextManager[None] = given["turn"](photo)
            with turn:
                self.told.append(f"{name} begins")
                self.wait(name, given["cancel"])
                self.told.append(f"{name} ends")
            return name
        finally:
            with self.lock:
                self.held.discard(name)

    def wait(self, name: str, cancel: Event) -> None:
        """While the network has this photo, the next one is read."""
        following = f"{int(name[0]) + 1}.png"
        if following in self.read and self.side == 2:
            assert self.read[following].wait(TIMEOUT_SECONDS)


def outcomes(made_up: MadeUp) -> Iterator[tuple[Job, Outcome]]:
    return one_after_the_other(JOBS, PhotoWorker(made_up, {}))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_next_is_read_while_one_is_restored_and_all_come_in_order() -> None:
    made_up = MadeUp()
    assert [(job, outcome) for job, outcome in outcomes(made_up)] == [
        (job, job.blurred.name) for job in JOBS
    ]
    expected = [f"{job.blurred.name} {what}" for job in JOBS for what in ("begins", "ends")]
    assert made_up.told == expected
    assert made_up.most == 2


def test_beside_a_large_photo_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "MAX_OVERLAP_BYTES", 3 * 3 * 3 - 1)
    made_up = MadeUp(side=3)
    assert len(list(outcomes(made_up))) == len(JOBS)
    assert made_up.most == 1


def test_what_is_wrong_with_one_is_its_outcome() -> None:
    told = [outcome for _, outcome in outcomes(MadeUp(broken="0.png"))]
    assert isinstance(told[0], UnreadableImageError)
    assert told[1:] == [job.blurred.name for job in JOBS[1:]]


def test_who_stops_listening_stops_the_work() -> None:
    class Endless(MadeUp):
        def wait(self, name: str, cancel: Event) -> None:
            if name != "0.png":
                assert cancel.wait(TIMEOUT_SECONDS)
                raise CancelledError(name)

    made_up = Endless()
    following = outcomes(made_up)
    next(following)
    following.close()  # type: ignore[attr-defined]
    assert "4.png begins" not in made_up.told
    assert not made_up.held

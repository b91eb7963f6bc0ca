"""Workers that tests of crews hire; they are named, so that they can travel."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from deblur.cli.jobs import Job
from deblur.cli.photo_worker import Outcome, PhotoWorker, is_taken
from deblur.errors import UnknownModelError, UnreadableImageError
from deblur.restorer import Restorer


@dataclass(frozen=True)
class Doubler:
    """Doubles numbers; `fatal` kills its process when it first comes, by what `diary` knows."""

    diary: Path | None = None
    fatal: int | None = None
    always: bool = False

    def __call__(self, number: int) -> int:
        if number == self.fatal and self._first_time():
            os.kill(os.getpid(), signal.SIGKILL)
        if number < 0:
            raise UnreadableImageError(f"{number} is no picture")
        return 2 * number

    def _first_time(self) -> bool:
        assert self.diary is not None
        seen = self.diary / "seen"
        if self.always or not seen.exists():
            seen.touch()
            return True
        return False


@dataclass(frozen=True)
class DiesWhenTold(Doubler):
    """Its fatal job waits, the first time, until somebody writes into the pipe in `diary`."""

    def _first_time(self) -> bool:
        first = super()._first_time()
        if first and self.diary is not None:
            (self.diary / "pipe").read_bytes()
        return first


@dataclass(frozen=True)
class DiesAfterWriting(PhotoWorker):
    """Its process is killed when the photo named `fatal` is restored for the first time.

    Before, it puts a file where the last photo would go; the others wait for that.
    """

    LATE: ClassVar = "6.png"
    fatal: str = ""

    def __call__(self, job: Job) -> Outcome:
        late = job.restored.with_name(self.LATE)
        while job.blurred.name != self.fatal and not late.exists():
            Event().wait(0.01)
        before = is_taken(job)
        outcome = super().__call__(job)
        if job.blurred.name == self.fatal and not before:
            late.write_bytes(b"precious, too")
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    @classmethod
    def open(
        cls, fatal: str, opening: Mapping[str, Any], writing: Mapping[str, Any]
    ) -> "DiesAfterWriting":
        return cls(Restorer.open(**opening), writing, fatal=fatal)


class Tell:
    """Says in which process it works."""

    def __call__(self, number: int) -> int:
        return os.getpid()


def nobody() -> Doubler:
    raise UnknownModelError("there is no such model")

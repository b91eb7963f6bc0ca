"""Workers that tests of crews hire; they are named, so that they can travel."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from deblur.errors import UnknownModelError, UnreadableImageError


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


class Tell:
    """Says in which process it works."""

    def __call__(self, number: int) -> int:
        return os.getpid()


def nobody() -> Doubler:
    raise UnknownModelError("there is no such model")

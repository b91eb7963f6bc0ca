"""Where the time of a run goes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """The time of this sitting, from its preparation on, and of those before; in seconds."""

    def __init__(self) -> None:
        self.before = 0.0
        self.waited = 0.0
        self.pictures = 0
        self._opened = self._started = time.monotonic()

    def start(self) -> None:
        """The preparation is over, and the first step begins."""
        self._started = time.monotonic()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around what keeps the network from learning."""
        asked = time.monotonic()
        yield
        self.waited += time.monotonic() - asked

    @property
    def since_opened(self) -> float:
        """Of this sitting, its preparation included."""
        return time.monotonic() - self._opened

    @property
    def here(self) -> float:
        """Of this sitting's steps."""
        return time.monotonic() - self._started

    @property
    def seconds(self) -> float:
        """Of all sittings' steps."""
        return self.before + self.here

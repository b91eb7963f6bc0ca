"""Who is on the page: a visitor is here as long as one of their event streams is open."""

import math
import re
import time
from collections import Counter
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

from deblur.errors import CancelledError

RECONNECT_SECONDS = 10.0
"""Seconds that a visitor may take to open a stream, or to open it anew."""

_MAX_KEPT = 10_000
_STREAM = re.compile(r".*/(?:heartbeat|call/(?:v2/)?[^/]+)/(?P<key>[^/]+)")
_QUEUE = re.compile(r".*/queue/data")
_SESSION = re.compile(r"(?:^|.*&)session_hash=(?P<key>[^&]+)")

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Any]
IsHere = Callable[[str | None], bool]
"""Whether the visitor of a session is still on the page."""


class Visitors:
    """Which sessions are here. Safe to share between threads."""

    def __init__(
        self, patience: float = RECONNECT_SECONDS, clock: Callable[[], float] = time.monotonic
    ):
        self._patience, self._clock = patience, clock
        self._open: Counter[str] = Counter()
        self._seen: dict[str, float] = {}
        self._one_at_a_time = Lock()

    def listens(self, session: str) -> bool:
        """Whether a session has a stream open now."""
        return self._open[session] > 0

    def is_here(self, session: str | None) -> bool:
        """Whether a session has a stream open, or had one a moment ago."""
        if not session:
            return True
        return self.listens(session) or self._was_here(session)

    def _was_here(self, session: str) -> bool:
        return self._clock() - self._seen.get(session, -math.inf) < self._patience

    def see(self, session: str) -> None:
        """A session asked for something."""
        with self._one_at_a_time:
            self._seen[session] = self._clock()
            if len(self._seen) > _MAX_KEPT:
                kept = {each: at for each, at in self._seen.items() if self.is_here(each)}
                self._seen = kept

    def enter(self, session: str) -> None:
        """A session opened a stream."""
        with self._one_at_a_time:
            self._open[session] += 1

    def leave(self, session: str) -> None:
        """A session closed a stream."""
        with self._one_at_a_time:
            self._open[session] -= 1
            if self._open[session] <= 0:
                del self._open[session]
        self.see(session)


class WatchStreams:
    """ASGI: tells Visitors of the streams that are open."""

    def __init__(self, app: App, visitors: Visitors) -> None:
        self._app, self._visitors = app, visitors

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Let a request through, and note how long a stream is open."""
        session = session_of_stream(scope)
        if session is None:
            await self._app(scope, receive, send)
            return
        self._visitors.enter(session)
        try:
            await self._app(scope, receive, send)
        finally:
            self._visitors.leave(session)


def session_of_stream(scope: Scope) -> str | None:
    """The session, or the event, that a request listens to; None for any other request."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path = scope["path"]
    if _QUEUE.fullmatch(path):
        found = _SESSION.match(scope["query_string"].decode("latin-1"))
    else:
        found = _STREAM.fullmatch(path)
    return found["key"] if found else None


class LateError(CancelledError):
    """A run took longer than a run may; its argument is how many minutes that is."""


class Run(Event):
    """Set when the visitor cancels or leaves, or when `seconds` are over."""

    def __init__(self, is_here: Callable[[], bool], seconds: float) -> None:
        super().__init__()
        self._is_here, self._seconds = is_here, seconds
        self._ends: float | None = None

    def begin(self) -> None:
        """Time counts from now on."""
        self._ends = time.monotonic() + self._seconds

    @property
    def is_late(self) -> bool:
        """Whether its time is over."""
        return self._ends is not None and time.monotonic() > self._ends

    def is_set(self) -> bool:
        """Whether it is to stop."""
        return super().is_set() or self.is_late or not self._is_here()

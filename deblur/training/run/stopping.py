"""Ending a run from outside, without losing a step."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Let the first Ctrl-C or TERM end the run at its next step, saved; the second kills it.

    What it gives says whether somebody asked.
    """
    asked = False

    def ask(number: int, frame: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(number, before[number])

    before: dict[int, Any] = {
        each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

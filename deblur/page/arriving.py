"""Models that are fetched while visitors wait: each once, in a process that can be ended.

`python -m deblur.page.arriving LANGUAGE` is that process: it reads the model's description, and
says on its output, a line of JSON each, how many bytes have come and what went wrong.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread, Timer
from typing import Any

from deblur import errors, hub
from deblur.errors import CancelledError, DeblurError, WeightsUnavailableError
from deblur.language import Language, say, speaking, spoken_in, spoken_now
from deblur.spec import ModelSpec
from deblur.weights import FILES, fetch_weights, is_here

POLL_SECONDS = 0.2
"""Seconds between two checks of how much has come and whether a visitor still waits for it."""

_CLEAN_UP_SECONDS = 5.0
"""Seconds that the process has to delete partial files when it is ended."""

OnBytes = Callable[[int, int], None]
"""Gets the number of bytes that have come, and the total; 0 if the total is not known."""


class Arrivals:
    """The models that are on their way: who waits sees one come, and the last who leaves ends it.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, _Arrival] = {}
        self._one_at_a_time = Lock()

    def wait_for(self, spec: ModelSpec, on_bytes: OnBytes, cancel: Event) -> bool:
        """Fetch a model unless it is here, or is only fetched by command; tells whether it came.

        Raises CancelledError soon after `cancel` is set, and the ModelError that the Hub is due.
        """
        if is_here(spec) or spec.by_command:
            return False
        arrival = self._join(spec)
        try:
            while not arrival.is_over.wait(POLL_SECONDS):
                on_bytes(arrival.came, arrival.total)
                if cancel.is_set():
                    raise CancelledError(say("cancelled; nothing was kept"))
        finally:
            self._leave(spec, arrival)
        if arrival.trouble:
            raise arrival.trouble
        return True

    def _join(self, spec: ModelSpec) -> "_Arrival":
        with self._one_at_a_time:
            arrival = self._under_way.setdefault(spec.name, _Arrival(spec))
            arrival.waiting += 1
            arrival.begin()
            return arrival

    def _leave(self, spec: ModelSpec, arrival: "_Arrival") -> None:
        with self._one_at_a_time:
            arrival.waiting -= 1
            if not arrival.waiting and self._under_way.get(spec.name) is arrival:
                del self._under_way[spec.name]
                arrival.end()


class _Arrival:
    """One model on its way, for so many who wait."""

    def __init__(self, spec: ModelSpec) -> None:
        self.waiting, self.came, self.total = 0, 0, spec.weights[0].bytes or 0
        self.trouble: DeblurError | None = None
        self.is_over = Event()
        self._spec = spec
        self._process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Start the process, once."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, spoken_now()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=Path(__file__).parents[2],
                text=True,
            )
            follow = spoken_in(spoken_now(), self._follow)
            Thread(target=follow, args=[self._process], daemon=True).start()

    def end(self) -> None:
        """End the process, if it still runs."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            impatience = Timer(_CLEAN_UP_SECONDS, self._process.kill)
            impatience.daemon = True
            impatience.start()

    def _follow(self, process: subprocess.Popen[str]) -> None:
        self.trouble = WeightsUnavailableError(
            say("{model} could not be fetched: try again", model=self._spec.title)
        )
        try:
            told = self._listen(process)
            if "error" in told:
                self.trouble = getattr(errors, told["error"])(told["message"])
            elif process.returncode == 0:
                self.trouble = None
        finally:
            self.is_over.set()

    def _listen(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """Take in all that the process says; gives the last of it."""
        told: dict[str, Any] = {}
        with process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(self._spec.to_json())
            process.stdin.close()
            for line in process.stdout:
                told = json.loads(line)
                self.came, self.total = told.get("came", self.came), told.get("total", self.total)
        return told


def main(language: str) -> None:
    """The process."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing stays half
    spec = ModelSpec.from_json(sys.stdin.read())
    with speaking(Language(language)), hub.watched(_tell_bytes):
        try:
            fetch_weights(spec, FILES)
        except DeblurError as error:
            _tell(error=type(error).__name__, message=str(error))


def _tell_bytes(_: str, came: int, total: int | None) -> None:
    _tell(came=came, total=total or 0)


def _tell(**told: object) -> None:
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The harness as a process of its own: the board itself runs no model and loads no metric."""

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deblur.language import say, spoken_now
from deblur.records.run_result import RunResult, read_record
from leaderboard.errors import HarnessError

_POLL_SECONDS = 0.5
"""Seconds between looks at whether a run is still wanted."""

CHECKOUT = Path(__file__).parents[2]


def run_harness(
    options: Sequence[str],
    *,
    quiet: bool = False,
    seconds: float | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> RunResult:
    """Carry out `python -m benchmarks run` with some more options, and read its record.

    What the harness says goes to the standard error; with `quiet` its last line goes into the
    HarnessError that is raised when it leaves no record. It is stopped, and HarnessError raised,
    after `seconds`, and soon after nobody wants it.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "record.json"
        command = [sys.executable, "-m", "benchmarks", "run", "--no-cost", f"--output={output}"]
        with subprocess.Popen(
            [*command, *options],
            cwd=CHECKOUT,
            env={**os.environ, "DEBLUR_LANGUAGE": spoken_now()},
            stdout=sys.stderr if not quiet else subprocess.DEVNULL,
            stderr=subprocess.PIPE if quiet else None,
        ) as process:
            said = _wait(process, seconds, is_wanted)
        if process.returncode or not output.is_file():
            raise HarnessError(
                _reason(said) or say("it ended with {code}", code=process.returncode)
            )
        return read_record(output)


def _wait(
    process: subprocess.Popen[bytes], seconds: float | None, is_wanted: Callable[[], bool]
) -> bytes | None:
    """What a process said until it ended. Raises HarnessError for one that was stopped."""
    ends = time.monotonic() + (math.inf if seconds is None else seconds)
    try:
        while True:
            try:
                return process.communicate(timeout=_POLL_SECONDS)[1]
            except subprocess.TimeoutExpired:
                if time.monotonic() > ends:
                    raise HarnessError(
                        say(
                            "it took longer than {seconds} s, and was stopped",
                            seconds=f"{seconds:,.0f}",
                        )
                    ) from None
                if not is_wanted():
                    raise HarnessError(
                        say("it was stopped, because no visitor waits for it any more")
                    ) from None
    finally:
        process.kill()


def _reason(said: bytes | None) -> str:
    """The last thing that it said, if anything was kept of it."""
    lines = (said or b"").decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""

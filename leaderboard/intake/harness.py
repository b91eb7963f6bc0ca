"""The harness as a process of its own: the board itself runs no model and loads no metric."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deblur.records.run_result import RunResult, read_record
from leaderboard.errors import HarnessError

CHECKOUT = Path(__file__).parents[2]


def run_harness(options: Sequence[str], *, quiet: bool = False) -> RunResult:
    """Carry out `python -m benchmarks run` with some more options, and read its record.

    What the harness says goes to the standard error; with `quiet` its last line goes into the
    HarnessError that is raised when it leaves no record.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "record.json"
        command = [sys.executable, "-m", "benchmarks", "run", "--no-cost", f"--output={output}"]
        done = subprocess.run(
            [*command, *options],
            cwd=CHECKOUT,
            stdout=sys.stderr if not quiet else subprocess.DEVNULL,
            stderr=subprocess.PIPE if quiet else None,
            check=False,
        )
        if done.returncode or not output.is_file():
            raise HarnessError(_reason(done.stderr) or f"it ended with {done.returncode}")
        return read_record(output)


def _reason(said: bytes | None) -> str:
    """The last thing that it said, if anything was kept of it."""
    lines = (said or b"").decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""

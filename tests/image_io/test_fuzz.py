"""Damage of every kind, in a process of its own, so that its memory is bounded and a crash seen."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_damaged_files_end_in_a_picture_or_in_our_errors():
    done = subprocess.run(
        [sys.executable, "-m", "tests.image_io.fuzz", "400"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert " 0 wrong" in done.stdout

"""The harness stops when its time is over, and when no visitor waits for it."""

import sys
from pathlib import Path

import pytest

from deblur.language import Language, speaking
from leaderboard.errors import HarnessError
from leaderboard.intake import harness
from leaderboard.intake.harness import run_harness


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A harness that never ends."""
    (tmp_path / "benchmarks.py").write_text("import threading\nthreading.Event().wait()\n")
    monkeypatch.setattr(harness, "CHECKOUT", tmp_path)
    monkeypatch.setattr(harness, "_POLL_SECONDS", 0.01)
    assert sys.executable


@pytest.mark.usefixtures("endless")
def test_time_is_limited() -> None:
    with pytest.raises(HarnessError, match="took longer than 0 s"):
        run_harness([], quiet=True, seconds=0.05)


@pytest.mark.usefixtures("endless")
def test_nobody_waits() -> None:
    with pytest.raises(HarnessError, match="no visitor waits"):
        run_harness([], quiet=True, is_wanted=lambda: False)


def test_what_the_harness_refuses_is_in_the_language_of_who_waits(tmp_path: Path) -> None:
    asked = [f"--images-from={tmp_path / 'none'}", "--model=mine", "--dataset=mini"]
    with speaking(Language.chinese), pytest.raises(HarnessError, match="没有存放复原图片的文件夹"):
        run_harness(asked, quiet=True)

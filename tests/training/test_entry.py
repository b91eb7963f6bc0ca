"""`python -m deblur.training`, where no more than torch, timm and Accelerate is installed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deblur.training.config import SourceConfig
from deblur.training.run.checkpoint import load_checkpoint
from tests.cli.command_line import ENVIRONMENT, deblur
from tests.test_imports import CONVENIENCE
from tests.training.runs import make_photos, tiny_run

WITHOUT_CONVENIENCE = f"""
import runpy, sys

sys.modules.update(dict.fromkeys("{CONVENIENCE}".split(",")))
runpy.run_module("deblur.training", run_name="__main__", alter_sys=True)
"""


def entry(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_CONVENIENCE, *map(str, arguments)],
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    photos = SourceConfig("photos", str(make_photos(tmp_path / "photos")))
    path = tmp_path / "run.json"
    path.write_text(tiny_run(photos).to_json())
    return path


def test_its_options_are_those_of_train() -> None:
    shown = entry("--help").stdout
    options = {*re.findall("--[a-z-]+", shown.partition("options:")[2])}
    assert options >= {"--config", "--resume", "--output", "--within", "--time-limit"}
    assert options <= {*re.findall("--[a-z-]+", deblur("train", "--help").out)}


def test_a_run_is_given_a_time_and_goes_on_in_its_folder(config: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    first = entry("--config", config, "-o", run, "--within", "0.5m", "--time-limit", "0s")
    assert f"time limit at step 0: {run / 'checkpoint.pt'}" in first.stdout, first.stderr
    steps = load_checkpoint(run / "checkpoint.pt").training_config().steps
    second = entry("--resume", run, "--device", "cpu", "--time-limit", "5s")
    assert second.returncode == 0, second.stderr
    saved = load_checkpoint(run / "checkpoint.pt")
    assert saved.training_config().steps == steps
    assert saved.step > 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--config", "{config}", "--within", "27"), "--within is for runs in one process only"),
        (("--config", "{config}", "--time-limit", "9 miles"), "'9 miles' is not a time"),
        (("--config", "{config}.gone"), "is not the folder of a run"),
        (("--resume", "gone"), "gone is not the folder of a run"),
        (("--resume", "gone", "--within", "1h"), "leave out --output and --within"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    config: Path, options: tuple[str, ...], words: str
) -> None:
    asked = (each.format(config=config) for each in options)
    done = entry(*asked, WORLD_SIZE="2", RANK="1")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr

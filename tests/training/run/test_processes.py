"""Several processes learn what one learns."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deblur.training.config import CropStage, SourceConfig
from deblur.training.run.checkpoint import Checkpoint, load_checkpoint
from tests.cli.command_line import ENVIRONMENT
from tests.training.runs import make_pairs, make_photos, tiny_run

SECOND_MEETS_IT = 8
"""A seed by which the 25th step of the second of two processes draws it first."""


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )


def launch(processes: int) -> tuple[str, ...]:
    return "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"


def entry(config: Path, folder: Path) -> tuple[str, ...]:
    where = ("--output", str(folder), "--device", "cpu")
    return "-m", "deblur.training", "--config", str(config), *where


def train_in(processes: int, config: Path, folder: Path) -> Checkpoint:
    done = command(*(launch(processes) if processes > 1 else ()), *entry(config, folder))
    assert done.returncode == 0, done.stderr
    return load_checkpoint(folder / "checkpoint.pt")


@pytest.mark.parametrize("centred", [False, True])
def test_two_processes_show_the_loss_curve_of_one(tmp_path: Path, centred: bool) -> None:
    photos = SourceConfig("photos", str(make_photos(tmp_path / "photos")))
    config = tmp_path / "run.json"
    run = tiny_run(photos, crops=(CropStage(0.0, 24, 4),), steps=6, validate_every=1)
    run = replace(run, centred=centred)
    config.write_text(run.to_json())
    one, two = (train_in(count, config, tmp_path / str(count)) for count in (1, 2))
    assert [each["loss"] for each in two.history] == pytest.approx(
        [each["loss"] for each in one.history], rel=1e-3
    )
    assert [each["gain"] for each in two.history] == pytest.approx(
        [each["gain"] for each in one.history], abs=2e-3
    )
    for name, value in one.network.items():
        torch.testing.assert_close(two.network[name], value, atol=1e-4, rtol=1e-3)


def test_bad_data_in_any_process_saves_what_was_learned(tmp_path: Path) -> None:
    """It is the second process that meets the file here; only the first one writes."""
    photos = make_photos(tmp_path / "photos", 24)
    source = SourceConfig("photos", str(photos))
    cut = photos / "7.png"
    cut.write_bytes(cut.read_bytes()[:2000])
    run = tiny_run(source, crops=(CropStage(0.0, 24, 2),), steps=200, checkpoint_every=1000)
    good = SourceConfig("pairs", str(make_pairs(tmp_path / "pairs")))
    config, folder = tmp_path / "run.json", tmp_path / "run"
    config.write_text(replace(run, validation=(good,), seed=SECOND_MEETS_IT).to_json())
    done = command(*launch(2), *entry(config, folder))
    assert done.returncode == 1
    assert "7.png: cannot be read as a photo" in done.stderr
    assert "another process met data that cannot be trained on" in done.stderr
    assert load_checkpoint(folder / "checkpoint.pt").step > 0

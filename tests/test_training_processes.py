"""Several processes learn what one learns."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from deblur.training.checkpoint import Checkpoint, load_checkpoint
from deblur.training.config import CropStage, SourceConfig
from tests.command_line import ENVIRONMENT
from tests.training_runs import make_photos, tiny_run


def train_in(processes: int, config: Path, folder: Path) -> Checkpoint:
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    done = subprocess.run(
        [
            *(sys.executable, *(launch if processes > 1 else [])),
            *("-m", "deblur.training", str(config), str(folder), "--device", "cpu"),
        ],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return load_checkpoint(folder / "checkpoint.pt")


def test_two_processes_show_the_loss_curve_of_one(tmp_path: Path) -> None:
    photos = SourceConfig("photos", str(make_photos(tmp_path / "photos")))
    config = tmp_path / "run.json"
    run = tiny_run(photos, crops=(CropStage(0.0, 24, 4),), steps=6, validate_every=1)
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

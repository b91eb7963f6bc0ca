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


def train_in(processes: int, config: Path, folder: Path) -> Checkpoint:
    options = ("-m", "deblur.training", str(config), str(folder), "--device", "cpu")
    done = command(*(launch(processes) if processes > 1 else ()), *options)
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


def test_a_run_that_was_given_a_time_goes_on_by_the_same_command(tmp_path: Path) -> None:
    photos = SourceConfig("photos", str(make_photos(tmp_path / "photos")))
    config, folder = tmp_path / "run.json", tmp_path / "run"
    config.write_text(tiny_run(photos, steps=2).to_json())
    run = ("-m", "deblur.training", str(config), str(folder), "--device", "cpu", "--within", "0.1")
    first = command(*run, "--minutes", "0")
    assert "time limit at step 0" in first.stdout, first.stderr
    fitted = load_checkpoint(folder / "checkpoint.pt").training_config().steps
    second = command(*run)
    assert second.returncode == 0, second.stderr
    saved = load_checkpoint(folder / "checkpoint.pt")
    assert saved.training_config().steps == fitted
    assert saved.step > 0


def test_a_run_goes_on_from_the_parts_that_an_earlier_one_left(tmp_path: Path) -> None:
    """As on a machine that is lent for minutes: stop, carry the parts away, go on elsewhere."""
    photos = SourceConfig("photos", str(make_photos(tmp_path / "photos")))
    config = tmp_path / "run.json"
    config.write_text(tiny_run(photos).to_json())
    run = ("-m", "deblur.training", str(config))
    first = command(*run, str(tmp_path / "a"), "--minutes", "0", "--to-parts", str(tmp_path / "p"))
    assert first.returncode == 0, first.stderr
    assert "time limit at step 0" in first.stdout
    index = tmp_path / "p" / "checkpoint.pt.parts.json"
    second = command(*run, str(tmp_path / "b"), "--from-parts", str(index))
    assert second.returncode == 0, second.stderr
    assert load_checkpoint(tmp_path / "b" / "checkpoint.pt").step == 6


def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path) -> None:
    config = tmp_path / "run.json"
    config.write_text('{"model": "srcnn"}')
    done = command("-m", "deblur.training", str(config), str(tmp_path / "run"))
    assert done.returncode == 1
    assert done.stderr.strip() == "the field 'architecture' is missing"


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
    done = command(*launch(2), "-m", "deblur.training", str(config), str(folder), "--device", "cpu")
    assert done.returncode == 1
    assert "7.png: cannot be read as a photo" in done.stderr
    assert "another process met data that cannot be trained on" in done.stderr
    assert load_checkpoint(folder / "checkpoint.pt").step > 0


def test_several_processes_are_not_given_a_time(tmp_path: Path) -> None:
    config = tmp_path / "run.json"
    config.write_text(tiny_run(SourceConfig("photos", "photos")).to_json())
    run = ("-m", "deblur.training", str(config), str(tmp_path / "run"), "--within", "1")
    parts = ("--from-parts", str(tmp_path / "none.parts.json"))
    done = subprocess.run(
        [sys.executable, *run, *parts],
        env=ENVIRONMENT | {"WORLD_SIZE": "2", "RANK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "in one process only" in done.stderr

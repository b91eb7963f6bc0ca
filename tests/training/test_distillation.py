"""Learning from a teacher beside the data."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deblur.errors import ConfigError
from deblur.networks import build_network
from deblur.training.config import SourceConfig
from deblur.training.presets import describe
from deblur.training.run.checkpoint import load_checkpoint, save_checkpoint
from deblur.training.run.loop import train
from deblur.training.run.reports import Report
from tests.cli.command_line import deblur
from tests.training.runs import tiny_run


@pytest.fixture
def darkening(tmp_path: Path, photos: SourceConfig) -> Path:
    """A teacher that has learned nothing but to answer with a grey of 0.2."""
    path = train(tiny_run(photos, steps=1), tmp_path / "teacher", device="cpu").path
    saved = load_checkpoint(path)
    grey = {name: torch.zeros_like(value) for name, value in saved.ema.items()}
    grey[list(grey)[-1]] += 0.2
    save_checkpoint(replace(saved, ema=grey), path)
    return path


def test_a_network_becomes_like_its_teacher(
    photos: SourceConfig, darkening: Path, tmp_path: Path
) -> None:
    seen: list[Report] = []
    run = tiny_run(photos, steps=60, distill_from=str(darkening), distill_weight=50.0)
    path = train(run, tmp_path / "taught", device="cpu", on_report=seen.append).path
    likeness = [report.losses["teacher"] for report in seen if report.losses]
    assert likeness[-1] < likeness[0] / 2
    network = build_network("srcnn", {})
    network.load_state_dict(load_checkpoint(path).network)
    with torch.no_grad():
        assert abs(float(network(torch.full((1, 3, 24, 24), 0.7)).mean()) - 0.2) < 0.2


def test_the_teacher_learns_nothing_and_is_not_in_the_checkpoint(
    photos: SourceConfig, darkening: Path, tmp_path: Path
) -> None:
    before = darkening.read_bytes()
    run = tiny_run(photos, distill_from=str(darkening))
    path = train(run, tmp_path / "taught", device="cpu").path
    assert darkening.read_bytes() == before
    assert load_checkpoint(path).network.keys() == build_network("srcnn", {}).state_dict().keys()
    assert describe(run)["taught by"] == "`checkpoint.pt`, 1 times"


def test_a_run_from_before_there_were_teachers_goes_on(
    photos: SourceConfig, tmp_path: Path
) -> None:
    run = tiny_run(photos)
    path = train(run, tmp_path / "run", device="cpu", time_limit=0).path
    saved = load_checkpoint(path)
    older = json.loads(saved.config)
    del older["distill_from"], older["distill_weight"]
    save_checkpoint(replace(saved, config=json.dumps(older)), path)
    assert train(run, tmp_path / "run", device="cpu", resume=True).step == run.steps


def test_a_teacher_of_another_range_is_refused(photos: SourceConfig, tmp_path: Path) -> None:
    run = tiny_run(photos, distill_from="gan")
    with pytest.raises(ConfigError, match=r"gan takes values in \(-1\.0, 1\.0\), and srcnn in"):
        train(run, tmp_path / "run", device="cpu")


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_teaches_nothing_is_refused(photos: SourceConfig, weight: float) -> None:
    with pytest.raises(ConfigError, match=r"distill_weight: expected a .*number above 0"):
        tiny_run(photos, distill_weight=weight)


def test_the_command_names_a_teacher(photos: SourceConfig, tmp_path: Path) -> None:
    written = tmp_path / "config.json"
    options = ("--data", f"photos:{photos.path}", "--write-config", written)
    done = deblur("train", "--model", "srcnn", "--distill-from", "residual-unet-s", *options)
    assert done.code == 0, done.err
    assert json.loads(written.read_text())["distill_from"] == "residual-unet-s"

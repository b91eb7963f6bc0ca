"""Whether synthesis feeds the network."""

from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.costs.feeding import feeding_config, measure_feeding
from benchmarks.costs.timing import time_calls
from deblur.errors import ConfigError
from tests.training.runs import make_photos


@pytest.mark.parametrize("model", ["srcnn", "gan"])
def test_feeding_splits_a_step_into_its_parts(tmp_path: Path, model: str) -> None:
    config = feeding_config(str(make_photos(tmp_path / "photos")), model, batch=2, crop=24)
    run = measure_feeding(config, device="cpu", seconds=0.0)
    assert (run.model, run.batch, run.crop) == (model, 2, 24)
    assert run.step == run.drawing.median + run.learning.median
    assert 0 < run.share < 1


def test_feeding_is_told_with_its_goal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = partial(time_calls, least=2)
    monkeypatch.setattr(
        "benchmarks.costs.feeding.time_calls", lambda call, seconds: quick(call, seconds=0)
    )
    photos = str(make_photos(tmp_path / "photos"))
    command = ["feeding", photos, "--model", "srcnn", "--batch", "1", "--crop", "24"]
    shown = CliRunner().invoke(app, [*command, "--device", "cpu"])
    assert shown.exit_code == 0, shown.output
    assert "at most 20% on a GPU" in " ".join(shown.stdout.split())


def test_feeding_knows_its_devices(tmp_path: Path) -> None:
    config = feeding_config(str(make_photos(tmp_path / "photos")), "srcnn")
    assert config.crops == feeding_config(str(tmp_path / "photos"), "srcnn", batch=12).crops
    with pytest.raises(ConfigError, match="not 'abacus'"):
        measure_feeding(config, device="abacus")

"""Data and a run that the tests of the command line share."""

import json
from pathlib import Path

import pytest

from tests.cli.command_line import process
from tests.cli.tiny_runs import TINY
from tests.training.runs import make_photos


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What keeps the runs of this file small, as a user would write it down."""
    path = tmp_path_factory.mktemp("config") / "tiny.json"
    fields = {
        "validation_pictures": 2,
        "precision": "fp32",
        "recipe": {"length": [1, 8], "defocus": [0.5, 1]},
    }
    path.write_text(json.dumps(fields))
    return path


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_photos(tmp_path_factory.mktemp("data") / "photos", 12)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, photos: Path, tiny: Path) -> Path:
    """The folder of a finished run of a few steps, made by a process of its own."""
    folder = tmp_path_factory.mktemp("run")
    done = process("train", *TINY, "--config", tiny, "--data", photos, "-o", "run", cwd=folder)
    assert done.code == 0, done.err
    assert "step 4:" in done.err
    assert "into run/" in done.err
    return folder / "run"

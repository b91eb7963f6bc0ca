"""The card of a model that somebody trained."""

import json
from pathlib import Path

import pytest

from deblur.catalog import CATALOG
from deblur.cli.card import published
from deblur.training.config import SourceConfig
from deblur.training.run.loop import train
from deblur.weights import PRETRAINED
from tests.cli.command_line import deblur
from tests.training.runs import make_pairs, tiny_run


@pytest.fixture(scope="module")
def best(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    run = tiny_run(SourceConfig("pairs", str(make_pairs(folder / "pairs"))), validate_every=3)
    return train(run, folder / "run", device="cpu").path.with_name("best.pt")


def exported(best: Path, folder: Path) -> Path:
    folder.mkdir()
    options = ("--name", "mine", "--trained-on", "my own pairs", "--licence", "MIT")
    assert deblur("export", best, *options, "-o", folder / "mine.onnx").code == 0
    (folder / "notes.md").write_text("Looked at by nobody yet.")
    return folder / "mine.onnx"


def test_a_card_tells_of_the_file_beside_it_and_of_its_run(best: Path, tmp_path: Path) -> None:
    model = exported(best, tmp_path / "model")
    command = ("card", best, model, "--notes", model.with_name("notes.md"), "--hardware", "a phone")
    done = deblur(*command)
    assert done.code == 0, done.err
    card = model.with_name("README.md").read_text()
    matter = json.loads(card.split("---")[1])
    assert matter["license"] == "mit"
    assert matter["deblur_spec"]["name"] == "mine"
    assert matter["deblur_spec"]["trained_on"] == ["my own pairs"]
    assert matter["deblur_spec"]["weights"] == []
    for told in ("# mine\n", "| hardware | a phone |", "| steps done | 6 |", "by nobody yet"):
        assert told in card
    assert model.with_name("curve.png").is_file()


def test_a_readme_that_is_there_stays_unless_told(best: Path, tmp_path: Path) -> None:
    model = exported(best, tmp_path / "model")
    readme = model.with_name("README.md")
    readme.write_text("precious")
    command = ("card", best, model, "--notes", model.with_name("notes.md"), "--hardware", "a phone")
    refused = deblur(*command)
    assert (refused.code, readme.read_text()) == (1, "precious")
    assert "exists already" in refused.said
    assert deblur(*command, "--overwrite").code == 0
    assert "a phone" in readme.read_text()


def test_there_must_be_a_model_to_tell_of(best: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    options = ("--notes", tmp_path / "notes.md", "--hardware", "a phone")
    for model in (tmp_path / "none.onnx", "srcnn"):
        refused = deblur("card", best, model, *options)
        assert refused.code == 1
        assert "there is no file" in refused.said
    assert not (tmp_path / "README.md").exists()


@pytest.mark.parametrize(
    "name",
    [spec.name for spec in CATALOG.values() if any(ref.repo is None for ref in spec.weights)],
)
def test_what_ships_is_told_with_its_place_in_the_catalog(name: str) -> None:
    assert published(PRETRAINED / name / "model.onnx") == CATALOG[name]

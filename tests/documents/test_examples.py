"""The scripts below examples/, as somebody runs them."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from deblur.synthesis.recipe import BlurRecipe
from deblur.training.config import TrainingConfig
from deblur.training.fields import read_fields
from tests.cli.command_line import ROOT, files_in, process

EXAMPLES = ROOT / "examples"
DOCUMENTS = str(EXAMPLES / "documents.py")


def render(folder: Path, *arguments: object) -> Path:
    done = process(folder.name, *arguments, cwd=folder.parent, program=(DOCUMENTS,))
    assert done.code == 0, done.err
    return folder


def test_pages_of_text_are_as_many_as_asked_for_and_alike_for_a_seed(tmp_path: Path) -> None:
    pages = render(tmp_path / "pages", "--count", 2, "--seed", 3)
    again = render(tmp_path / "again", "--count", 2, "--seed", 3)
    other = render(tmp_path / "other", "--count", 1, "--seed", 4)
    assert files_in(pages) == files_in(again) == ["page-3-000.png", "page-3-001.png"]
    assert all(
        (pages / name).read_bytes() == (again / name).read_bytes() for name in files_in(pages)
    )
    shown = [np.asarray(Image.open(next(each.iterdir()))) for each in (pages, other)]
    assert not np.array_equal(*shown)
    for page in shown:
        assert page.shape == (960, 720, 3)
        ink = (page.max(-1) < 0.7 * page.max()).mean()
        assert 0.01 < ink < 0.4


def test_pairs_of_pages_differ_by_blur(tmp_path: Path) -> None:
    recipe = EXAMPLES / "documents.json"
    pairs = render(tmp_path / "pairs", "--count", 1, "--blur", recipe)
    assert files_in(pairs) == ["blur/page-0-000.png", "sharp/page-0-000.png"]
    blurred, sharp = (np.asarray(Image.open(pairs / name), float) for name in files_in(pairs))
    assert blurred.shape == sharp.shape
    assert np.abs(blurred - sharp).mean() > 1


def test_the_recipe_for_documents_can_be_read() -> None:
    fields = json.loads((EXAMPLES / "documents.json").read_text())
    pages = {"kind": "photos", "path": "pages"}
    data = {"model": "m", "architecture": "a", "arguments": {}, "sources": [pages]}
    config = read_fields(TrainingConfig, {**data, **fields})
    assert config.recipe != BlurRecipe()

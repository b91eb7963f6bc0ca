"""Runs of a few steps, as options and configurations."""

import json
from pathlib import Path
from typing import Any

RECIPES = Path(__file__).parents[2] / "recipes"
STEPS = 4
TINY = ("--model", "srcnn", "--steps", STEPS, "--batch", 2, "--crop", 32, "--device", "cpu")


def config_of(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "config.json").read_text()))


def config_file(folder: Path, fields: dict[str, object]) -> Path:
    path = folder / "fields.json"
    path.write_text(json.dumps(fields))
    return path

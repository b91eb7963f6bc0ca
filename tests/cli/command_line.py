"""How the tests speak to the command line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from typer.testing import CliRunner

from deblur.cli import app
from tests.pictures import scene

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
ON_ONNX = ("--model", "srcnn", "--backend", "onnx", "--threads", "1")


class Outcome:
    """What a command left behind: exit code, standard output and standard error."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def said(self) -> str:
        """Standard error without the frame and line breaks that a terminal gets."""
        return " ".join(re.sub("[│╭╮╰╯─]", " ", self.err).split())


def deblur(*arguments: object) -> Outcome:
    """Run a command in this process; an exception that it lets through fails the test."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def process(*arguments: object, cwd: Path, program: tuple[str, ...] = ("-m", "deblur")) -> Outcome:
    """Run a command as a process of its own."""
    result = subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stderr, result.stderr
    return Outcome(result.returncode, result.stdout, result.stderr)


def picture(path: Path, seed: int = 0, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(scene(24, 32, seed=seed)).save(path, **options)
    return path


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def restore(*arguments: object) -> Outcome:
    return deblur("restore", *ON_ONNX, *arguments)


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size

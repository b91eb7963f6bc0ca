"""What works without torch, without the page, and what trains with little more than torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TORCH = "torch,torchvision,timm,pyiqa"
BEYOND_THE_CORE = (
    "torch,torchvision,timm,pyiqa,onnx,scipy,skimage,matplotlib,psutil,spandrel,ray,"
    "gradio,gradio_client,httpx,pandas,plotly,pyarrow"
)
POSIX_ONLY = {"fcntl", "grp", "pty", "pwd", "resource", "termios"}
CONVENIENCE = "gradio,typer,rich,pyiqa,httpx2,pydantic,pandas,onnx,matplotlib,pillow_heif"
IMPORT_WITHOUT = """
import importlib, sys

sys.modules.update(dict.fromkeys(sys.argv[2].split(",")))
importlib.import_module(sys.argv[1])
"""


def import_without(absent: str, module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT, module, absent],
        capture_output=True,
        text=True,
        check=False,
    )


def imported_by(path: Path) -> set[str]:
    """The modules that a file imports as soon as it is imported itself."""
    found = set()
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Import):
            found |= {each.name for each in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            found.add(statement.module or "")
    return found


@pytest.mark.parametrize(
    "module",
    [
        "deblur.restorer",
        "deblur.diagnosis",
        "leaderboard.__main__",
        "leaderboard.tabs.leaderboard_tab",
        "app",
    ],
)
def test_imports_where_torch_cannot_be_imported(module: str) -> None:
    result = import_without(TORCH, module)
    assert result.returncode == 0, result.stderr


def test_the_blocker_blocks() -> None:
    assert "import of torch halted" in import_without(TORCH, "torch").stderr


def test_training_needs_torch_timm_and_accelerate_only() -> None:
    result = import_without(CONVENIENCE, "deblur.training.__main__")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("module", ["deblur", "deblur.cli", "deblur.restorer", "deblur.diagnosis"])
def test_restoring_needs_the_core_installation_only(module: str) -> None:
    result = import_without(BEYOND_THE_CORE, module)
    assert result.returncode == 0, result.stderr


def test_no_module_of_ours_begins_with_what_only_posix_has() -> None:
    folders = ("deblur", "benchmarks", "leaderboard")
    ours = [ROOT / "app.py", *(path for each in folders for path in (ROOT / each).rglob("*.py"))]
    begin_with = {path.name: imported_by(path) & POSIX_ONLY for path in ours}
    assert not {name: found for name, found in begin_with.items() if found}


@pytest.mark.parametrize(
    ("module", "absent", "extra"),
    [
        ("app", "gradio", "page"),
        ("deblur.page.restore_tab", "gradio", "page"),
        ("leaderboard.__main__", "pandas", "page"),
        ("benchmarks.__main__", "gradio_client", "bench"),
    ],
)
def test_what_needs_an_extra_says_so(module: str, absent: str, extra: str) -> None:
    result = import_without(absent, module)
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert f"needs {absent}, which is not installed: `pip install -e '.[{extra}]'`" in last

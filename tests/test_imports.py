"""What works without torch, and what trains with little more than it."""

import subprocess
import sys

import pytest

TORCH = "torch,torchvision,timm,pyiqa"
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


@pytest.mark.parametrize(
    "module", ["deblur.restorer", "leaderboard.__main__", "leaderboard.tabs.leaderboard_tab", "app"]
)
def test_imports_where_torch_cannot_be_imported(module: str) -> None:
    result = import_without(TORCH, module)
    assert result.returncode == 0, result.stderr


def test_the_blocker_blocks() -> None:
    assert "import of torch halted" in import_without(TORCH, "torch").stderr


def test_training_needs_torch_timm_and_accelerate_only() -> None:
    result = import_without(CONVENIENCE, "deblur.training.__main__")
    assert result.returncode == 0, result.stderr

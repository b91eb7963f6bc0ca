"""Restoring, the leaderboard and the page work where torch is not installed."""

import subprocess
import sys

import pytest

IMPORT_WITHOUT_TORCH = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision", "timm", "pyiqa"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
importlib.import_module(sys.argv[1])
"""


def import_without_torch(module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT_TORCH, module],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", ["deblur.restorer", "leaderboard", "app"])
def test_imports_where_torch_cannot_be_imported(module: str) -> None:
    result = import_without_torch(module)
    assert result.returncode == 0, result.stderr


def test_the_blocker_blocks() -> None:
    assert "No module named 'torch'" in import_without_torch("torch").stderr

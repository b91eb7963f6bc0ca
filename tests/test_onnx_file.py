"""Sessions take no more of a machine than they may."""

import os
from pathlib import Path

import pytest

from deblur.onnx_file import allowed_cores


@pytest.mark.parametrize(
    ("mine", "quota", "expected"),
    [
        ({0, 1, 2, 3}, None, None),
        ({0, 1, 2, 3}, "max 100000\n", None),
        ({2, 3}, None, 2),
        ({0, 1, 2, 3}, "150000 100000\n", 2),
        ({1}, "400000 100000\n", 1),
    ],
    ids=["all", "no quota", "affinity", "container", "both"],
)
def test_cores_are_counted_by_affinity_and_by_container(
    mine: set[int],
    quota: str | None,
    expected: int | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: mine, raising=False)
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota)
    assert allowed_cores(tmp_path / "cpu.max") == expected

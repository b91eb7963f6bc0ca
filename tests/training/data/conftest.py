"""GoPro's layout, small."""

from pathlib import Path

import pytest

from deblur.training.data import folders
from tests.training.data.folders import SEQUENCES, write


@pytest.fixture
def gopro(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pairs in each of three sequences for training, one pair for testing."""
    monkeypatch.setattr(folders, "GOPRO_PAIRS", {"train": 6, "test": 1})
    root = tmp_path / "GOPRO_Large"
    for number, sequence in enumerate(SEQUENCES):
        for folder in ("blur", "blur_gamma", "sharp"):
            for frame in (47, 48):
                write(root / "train" / sequence / folder / f"{frame:06}.png", seed=number)
    for folder in ("blur", "blur_gamma", "sharp"):
        write(root / "test" / "GOPR0384_11_00" / folder / "000001.png")
    return root

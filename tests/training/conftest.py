"""What every training run in the tests needs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deblur.training.config import SourceConfig
from tests.training.runs import make_pairs, make_photos, one_thread


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture
def photos(tmp_path: Path) -> SourceConfig:
    return SourceConfig("photos", str(make_photos(tmp_path / "photos")))


@pytest.fixture
def pairs(tmp_path: Path) -> SourceConfig:
    return SourceConfig("pairs", str(make_pairs(tmp_path / "pairs")))

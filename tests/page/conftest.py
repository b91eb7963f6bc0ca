"""Visits that begin without a photo."""

from pathlib import Path

import pytest

from deblur.page.visiting.visits import Visits


@pytest.fixture
def visits(tmp_path: Path) -> Visits:
    return Visits(tmp_path / "photos", 3600)

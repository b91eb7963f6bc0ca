"""What a model is called where it is chosen."""

import pytest

from deblur.catalog import CATALOG
from deblur.page import restorers


@pytest.mark.parametrize(("here", "mark"), [(True, ""), (False, " (has to be fetched)")])
def test_a_model_that_is_not_here_is_marked(
    monkeypatch: pytest.MonkeyPatch, here: bool, mark: str
) -> None:
    monkeypatch.setattr(restorers, "is_here", lambda spec: here)
    assert restorers._label(CATALOG["maxim-gopro"]) == f"MAXIM-3S, GoPro{mark}"

"""What a model is called where it is chosen."""

import pytest

from deblur.page.markup import model_chooser
from deblur.page.markup.model_chooser import Measured, chooser_html


@pytest.mark.parametrize("here", [True, False])
def test_a_model_that_is_not_here_is_marked(monkeypatch: pytest.MonkeyPatch, here: bool) -> None:
    monkeypatch.setattr(model_chooser, "is_here", lambda spec: here)
    shown = chooser_html(["auto", "maxim-gopro"], "auto", lambda model: Measured())
    assert "MAXIM-3S, GoPro" in shown
    assert ("has to be fetched" in shown) != here

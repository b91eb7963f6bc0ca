"""`tune`: what it says, what it keeps, and who reads it."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from deblur.backends import Wishes, choices
from deblur.backends.tuned import Measured
from deblur.catalog import CATALOG
from tests.cli.command_line import deblur

UNET = CATALOG["unet"]


@pytest.fixture(autouse=True)
def _made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(*_: Any) -> Iterator[Measured]:
        yield Measured("onnx", "cpu", "fp32", seconds=2.0, parity=200.0)
        yield Measured("torch", "cpu", "fp32", seconds=0.5, parity=150.0)
        yield Measured("openvino", "cpu", "fp32", seconds=0.1, parity=20.0)

    # `deblur.cli.tune` is the command itself.
    monkeypatch.setattr(import_module("deblur.cli.tune"), "measure_ways", measured)
    monkeypatch.setattr("deblur.backends.tuned._file", lambda: tmp_path / "kept" / "tuned.json")


def test_the_fastest_that_is_right_is_said_and_taken_from_then_on(tmp_path: Path) -> None:
    told = deblur("tune", "--model", "unet")
    assert "auto takes torch on cpu at fp32: the fastest" in told.out
    assert "4.00" in told.out
    assert "20 dB: wrong, not taken" in told.out
    assert str(tmp_path / "kept" / "tuned.json") in told.out
    assert choices(UNET, Wishes())[0].engine == "torch"
    assert choices(UNET, Wishes("onnx"))[0].engine == "onnx"


def test_models_of_one_network_are_measured_once() -> None:
    told = deblur("tune").err
    assert told.count("measuring residual-unet-xs\n") == 1
    assert "residual-unet-xs-text" not in told


def test_fast_and_a_precision_exclude_each_other() -> None:
    told = deblur("restore", "photo.png", "--fast", "--precision", "int8")
    assert told.code == 2
    assert "--fast and --precision int8: leave one out" in told.said

"""Measuring ways to run a network, with engines that are made up."""

from pathlib import Path

import numpy as np
import pytest

from deblur.backends import Choice, Wishes, choices, measuring
from deblur.backends.base import Batch
from deblur.backends.measuring import measure_ways
from deblur.catalog import CATALOG
from deblur.errors import BackendError, BackendUnavailableError

XS = CATALOG["residual-unet-xs"]


class MadeUp:
    """Gives back what it gets, and something that is not there."""

    def __init__(self, added: float) -> None:
        self.added, self.shapes = added, set[tuple[int, ...]]()

    def run(self, batch: Batch) -> Batch:
        self.shapes.add(batch.shape)
        return batch + np.float32(self.added)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> dict[str, MadeUp | BackendError]:
    """What each engine of a machine with four of them does, by its name and precision."""
    engines: dict[str, MadeUp | BackendError] = {
        "onnx fp32": MadeUp(0.0),
        "onnx int8": MadeUp(0.002),
        "openvino fp32": MadeUp(0.5),
        "openvino bf16": MadeUp(float("nan")),
        "torch fp32": BackendUnavailableError("no such thing"),
    }

    def start(choice: Choice, path: Path) -> MadeUp:
        engine = engines[f"{choice.engine} {choice.precision}"]
        if isinstance(engine, BackendError):
            raise engine
        return engine

    spec_choices = [
        choices(XS, Wishes("onnx", "cpu", "int8"))[0],
        choices(XS, Wishes("onnx", "cpu", "fp32"))[0],
    ]
    found = [
        *spec_choices,
        *(
            Choice(XS, engine, device, precision, XS.tiling)
            for engine, device, precision in (
                ("openvino", "gpu", "fp32"),
                ("openvino", "cpu", "bf16"),
                ("torch", "cpu", "fp32"),
            )
        ),
    ]

    def pretended(spec: object, wishes: Wishes) -> list[Choice]:
        return found[1:2] if wishes.engine == "onnx" else found

    monkeypatch.setattr(measuring, "choices", pretended)
    monkeypatch.setattr(measuring, "open_backend", start)
    return engines


def test_each_way_is_measured_once_and_held_against_onnx_runtime(
    ways: dict[str, MadeUp | BackendError],
) -> None:
    told: list[str] = []
    found = {
        (each.engine, each.precision): each
        for each in measure_ways(XS, lambda choice: Path(), told.append)
    }
    assert {way: each.is_right for way, each in found.items()} == {
        ("onnx", "int8"): True,
        ("onnx", "fp32"): True,
        ("openvino", "fp32"): False,
        ("openvino", "bf16"): False,
    }
    assert found["onnx", "int8"].parity == pytest.approx(54.0, abs=0.1)
    assert all(each.seconds > 0 for each in found.values())
    assert told == ["torch on cpu at fp32: no such thing"]


def test_accelerators_get_as_many_tiles_at_once_as_photos_give_them(
    ways: dict[str, MadeUp | BackendError],
) -> None:
    list(measure_ways(XS, lambda choice: Path()))
    for name, tiles in (("openvino fp32", 4), ("onnx int8", 1)):
        engine = ways[name]
        assert isinstance(engine, MadeUp)
        assert engine.shapes == {(tiles, 3, 1024, 1024)}

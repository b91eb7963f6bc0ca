"""Tiles, diagnoses and reports that tests make up."""

from dataclasses import replace
from typing import Any

from deblur.diagnosis import Diagnosis, Kind, TileReport
from deblur.diagnosis.summary import summarise
from deblur.restoring.report import RestoreReport

PLAIN = TileReport(0, 0, 160, 160, (1, 0, 0, 0, 0), 12.0, 30.0, 3.0, 1.0, 95.0, 0.0, 1.0)


def tile(kind: Kind, **fields: Any) -> TileReport:
    """A tile that is surely of a kind."""
    odds = tuple(float(each is kind) for each in Kind)
    return replace(PLAIN, odds=odds, **fields)


def diagnosis(kind: Kind, **fields: Any) -> Diagnosis:
    """Of a photo that is all of a kind."""
    return replace(summarise(160, 160, [tile(kind)]), **fields)


REPORT = RestoreReport(
    models=("residual-unet-xs",),
    picked=True,
    reduction=1,
    backend="onnx",
    execution_provider="CPUExecutionProvider",
    device="cpu",
    precision="fp32",
    width=1000,
    height=500,
    tile=(512, 1024),
    tiles=1,
    seconds=1.0,
    network_seconds=0.9,
    before=diagnosis(Kind.motion, length=12.0),
    after=diagnosis(Kind.sharp),
    changed=0.4,
    mean_change=2.0,
    sharper=0.8,
    notes=("a note",),
)

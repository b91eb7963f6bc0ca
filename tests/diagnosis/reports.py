"""Tiles and diagnoses that tests make up."""

from dataclasses import replace
from typing import Any

from deblur.diagnosis import Diagnosis, Kind, TileReport
from deblur.diagnosis.summary import summarise

PLAIN = TileReport(0, 0, 160, 160, (1, 0, 0, 0, 0), 12.0, 30.0, 3.0, 1.0, 95.0, 0.0, 1.0)


def tile(kind: Kind, **fields: Any) -> TileReport:
    """A tile that is surely of a kind."""
    odds = tuple(float(each is kind) for each in Kind)
    return replace(PLAIN, odds=odds, **fields)


def diagnosis(kind: Kind, **fields: Any) -> Diagnosis:
    """Of a photo that is all of a kind."""
    return replace(summarise(160, 160, [tile(kind)]), **fields)

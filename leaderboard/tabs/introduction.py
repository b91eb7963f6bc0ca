"""What is good to know of a model before its weights are fetched and a photo waits for it."""

import math

import pandas as pd

from deblur.language import say
from deblur.spec import ModelSpec

MEGABITS = 50
"""Of a home's connection, a second."""


def introduction(spec: ModelSpec, to_fetch: int, rows: pd.DataFrame) -> str:
    """A model's size, licence and time, in one line.

    `to_fetch` is in bytes, 0 when its weights are here; `rows` are those of the board, from
    which the time is: the median over what was measured here, on a processor, as the model runs
    unless told.
    """
    parts = [spec.licence]
    if to_fetch:
        wait = 8 * to_fetch / (MEGABITS * 1e6)
        how = say("fetched once from {repo}", repo=spec.weights[0].repo)
        if spec.by_command:
            command = f"python -m deblur fetch {spec.name}"
            how = say("has to be fetched where this page runs: {command}", command=command)
        told = say(
            "{size} MB, {how}, in about {wait} s at {speed} Mbit/s",
            size=f"{to_fetch / 1e6:.0f}",
            how=how,
            wait=f"{wait:.0f}",
            speed=MEGABITS,
        )
        parts.insert(0, told)
    measured = _measured_here(rows)
    measured = measured[measured["model"] == spec.name]
    usual = (measured["device"] == "cpu") & (measured["precision"] == spec.precisions[0])
    seconds = measured[usual]["seconds_per_megapixel"].median()
    if measured.empty:
        parts.append(say("not measured here: the time is estimated after the first tile"))
    elif seconds > 0:
        parts.append(
            say(
                "about {seconds} s per megapixel on the processor that measured it",
                seconds=f"{seconds:.1f}",
            )
        )
    return " · ".join(parts)


def _measured_here(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[(rows["kind"] == "measured") & (rows["status"] == "shown")]


def gain_and_time(
    model: str, dataset: str, rows: pd.DataFrame
) -> tuple[float | None, float | None]:
    """What a model gains over the blurred pictures, in dB of PSNR, and its seconds a megapixel.

    Both as measured here on a processor, at fp32, on one dataset; None where that was not.
    """
    if "psnr" not in rows:
        return None, None
    own = _measured_here(rows)
    own = own[(own["dataset"] == dataset) & (own["device"] == "cpu") & (own["precision"] == "fp32")]
    ours, blurred = own[own["model"] == model], own[own["model"] == "blurred"]
    gain = float(ours["psnr"].median() - blurred["psnr"].median())
    seconds = float(ours["seconds_per_megapixel"].median())
    return (None if math.isnan(gain) else gain, None if math.isnan(seconds) else seconds)

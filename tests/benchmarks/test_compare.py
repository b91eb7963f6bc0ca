"""Two records side by side: which is better, and when neither is."""

import io
import math
from typing import Literal

import numpy as np
import pytest
from rich.console import Console

from benchmarks.compare import Difference, compare
from benchmarks.tables import difference_table
from deblur.records.run_result import MetricRecord, RunResult
from tests.leaderboard.entries import images, record

SCORES = np.random.default_rng(0).normal(20, 3, 25)


def scored(scores: np.ndarray, better: Literal["higher", "lower"] = "higher") -> RunResult:
    described = MetricRecord(
        title="Score", better=better, against="sharp", digits=2, definition="as its name says"
    )
    given = [
        image.model_copy(update={"scores": {"score": float(score)}})
        for image, score in zip(images(), scores, strict=True)
    ]
    return record(given=given, metrics={"score": described})


def difference(by: np.ndarray, better: Literal["higher", "lower"] = "higher") -> Difference:
    (found,) = compare(scored(SCORES, better), scored(SCORES + by, better))
    return found


@pytest.mark.parametrize(
    ("better", "up", "down"), [("higher", "second", "first"), ("lower", "first", "second")]
)
def test_the_better_one_is_told_whichever_way_a_metric_goes(
    better: Literal["higher", "lower"], up: str, down: str
) -> None:
    steady = np.random.default_rng(1).normal(1, 0.1, 25)
    assert difference(steady, better).verdict() == up
    assert difference(-steady, better).verdict() == down
    mixed = np.where(np.arange(25) < 6, 3, -0.1)
    assert difference(mixed, better).wins == (6 if better == "higher" else 19)
    assert difference(mixed, better).mean == pytest.approx(mixed.mean())


@pytest.mark.parametrize("by", [-1e-6, 1e-6, -0.0049])
def test_last_bits_are_neither_better_nor_won(by: float) -> None:
    found = difference(np.full(25, by))
    assert (found.verdict(), found.meaningful, found.wins) == ("neither", False, 0)


def test_no_zero_has_a_sign() -> None:
    stream = io.StringIO()
    table = difference_table([difference(np.full(25, -1e-6))], "one", "two")
    Console(file=stream, width=120).print(table)
    assert "-0.000" not in stream.getvalue()
    assert "+0.000 to +0.000" in stream.getvalue()


def test_what_may_be_chance_is_better_on_neither_side() -> None:
    noise = np.random.default_rng(2).normal(0, 1, 25)
    assert difference(noise - noise.mean() + 0.05).verdict() == "neither"


def test_only_pictures_with_scores_in_both_are_compared() -> None:
    by = np.random.default_rng(1).normal(1, 0.1, 25)
    by[:5] = math.nan
    first = SCORES.copy()
    first[5:8] = math.inf
    (found,) = compare(scored(first), scored(SCORES + by))
    assert (found.count, found.left_out, found.wins) == (17, 8, 17)
    assert found.first == pytest.approx(SCORES[8:].mean())
    assert found.mean == pytest.approx(by[8:].mean())
    assert found.low < found.mean < found.high

"""Measurements for people to read, and as JSON."""

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from benchmarks.gain import GainRun, PairGain
from benchmarks.photos import PhotoRun, PhotoScore, PhotoSummary
from benchmarks.speed import SpeedRun

if TYPE_CHECKING:
    from benchmarks.feeding import FeedingRun

GPU_GOAL = 0.2
"""The largest share of a training step, on a GPU, that making its batch should take."""


def to_json(run: Any) -> str:
    """A run, which is a dataclass, as JSON; infinite PSNR, of equal pictures, becomes null."""
    return json.dumps(_finite(dataclasses.asdict(run)), indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and math.isinf(value) else value


def gain_tables(run: GainRun) -> list[Table]:
    """A table for each model: its pairs, then their mean."""
    return [
        _gain_table(mean, [pair for pair in run.pairs if pair.model == mean.model])
        for mean in run.means
    ]


def _gain_table(mean: PairGain, pairs: Sequence[PairGain]) -> Table:
    table = _table(mean.model, "blurred\nPSNR", "restored\nPSNR", "gain\ndB")
    if mean.niqe_blurred is not None:
        table.add_column("blurred\nNIQE", justify="right")
        table.add_column("restored\nNIQE", justify="right")
    for pair in (*pairs, mean):
        niqe = [pair.niqe_blurred, pair.niqe_restored]
        cells = [f"{pair.blurred:.2f}", f"{pair.restored:.2f}", f"{pair.gain:+.2f}"]
        cells += [f"{value:.2f}" for value in niqe if value is not None]
        table.add_row(pair.name, *cells)
    return table


def photo_tables(run: PhotoRun) -> list[Table]:
    """A table for each model of its photos, then one with a row for each model."""
    tables = [
        _score_table(model, [score for score in run.photos if score.model == model])
        for model in (summary.model for summary in run.summaries)
    ]
    return [*tables, _summary_table(run.summaries)]


def _score_table(model: str, scores: Sequence[PhotoScore]) -> Table:
    table = _table(model, "input\nNIQE", "restored\nNIQE", "PSNR to\ninput")
    for score in scores:
        table.add_row(
            score.name,
            f"{score.niqe_input:.2f}",
            f"{score.niqe_restored:.2f}",
            _decibels(score.psnr),
        )
    return table


def _summary_table(summaries: Sequence[PhotoSummary]) -> Table:
    table = _table(
        "mean",
        "input\nNIQE",
        "restored\nNIQE",
        "NIQE\nlower",
        "PSNR to\ninput",
        "worst\nPSNR",
        "unchanged\nphotos",
    )
    for row in summaries:
        table.add_row(
            row.model,
            f"{row.niqe_input:.2f}",
            f"{row.niqe_restored:.2f}",
            f"{row.lowered} of {row.photos}",
            _decibels(row.psnr),
            _decibels(row.worst_psnr),
            f"{row.unchanged}",
        )
    return table


def _decibels(psnr: float) -> str:
    return f"{psnr:.2f}" if math.isfinite(psnr) else "equal"


def feeding_table(run: "FeedingRun") -> Table:
    """What a step costs, part by part, in milliseconds and as a share."""
    table = _table("", "ms", "+-", "share")
    for name, timing, share in (
        ("draw and blur a batch", run.drawing, run.share),
        ("forward, backward, optimiser", run.learning, 1 - run.share),
    ):
        table.add_row(
            name, f"{1e3 * timing.median:.1f}", f"{1e3 * timing.spread:.1f}", f"{share:.1%}"
        )
    table.add_row("step", f"{1e3 * run.step:.1f}", "", "100%")
    return table


def feeding_sentence(run: "FeedingRun") -> str:
    """What was measured and on what, against the goal."""
    return (
        f"{run.model}, {run.batch} crops of {run.crop} px, {run.precision}, on {run.machine}: "
        f"batches take {run.share:.1%} of a step (goal: at most {GPU_GOAL:.0%} on a GPU)"
    )


def network_table(run: SpeedRun) -> Table:
    """A row for each network on each engine."""
    table = _table("model", "engine", "s/MP", "+-", "GFLOP/s", "of product", "peak MB")
    for row in run.networks:
        table.add_row(
            row.model,
            row.engine,
            f"{row.seconds_per_megapixel:.2f}",
            f"{row.spread:.2f}",
            f"{row.gflops:.0f}",
            f"{row.of_matrix_product:.0%}",
            f"{row.peak_memory_mb:.0f}",
        )
    return table


def photo_cost_table(run: SpeedRun) -> Table:
    """A row for each photo that was restored."""
    table = _table("restore", "MP", "seconds", "not the network", "peak MB")
    for row in run.photos:
        table.add_row(
            row.model,
            f"{row.megapixels:.0f}",
            f"{row.seconds:.1f}",
            f"{row.overhead:.0%}",
            f"{row.peak_memory_mb:.0f}",
        )
    return table


def _table(first: str, *figures: str) -> Table:
    table = Table(first, box=None)
    for title in figures:
        table.add_column(title, justify="right")
    return table

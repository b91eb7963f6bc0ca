"""Measurements for people to read, and as JSON."""

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from benchmarks.compare import Difference
from benchmarks.costs.speed import SpeedRun
from benchmarks.costs.tuning import TuningRun
from benchmarks.datasets.out_of_focus import PHOTONS
from benchmarks.running.coverage import MODELS, Coverage
from benchmarks.running.edges import EDGE, SIDE, EdgeGain
from benchmarks.running.focus import RADII, FocusGain
from benchmarks.running.overhead import Overhead
from deblur.records.run_result import RunResult

if TYPE_CHECKING:
    from benchmarks.costs.feeding import FeedingRun

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


def record_table(records: Sequence[RunResult]) -> Table:
    """A row for each record of one dataset and protocol, the best first."""
    first = records[0]
    name = f"{first.dataset.name}, {first.dataset.images} pictures"
    table = Table(box=None, pad_edge=False, title=name, title_justify="left")
    table.caption = _caption(records)
    table.add_column("model", no_wrap=True)
    engines = {record.engine.backend for record in records if record.model.kind == "network"}
    if len(engines) > 1:
        table.add_column("engine", no_wrap=True)
    for title in (*(metric.title for metric in first.metrics.values()), "s/MP", "MB"):
        table.add_column(title, justify="right", no_wrap=True)
    for record in sorted(records, key=_rank):
        cells = [record.engine.backend] if len(engines) > 1 else []
        cells += [_mean(record, metric) for metric in first.metrics]
        variant = record.engine.precision
        name = record.model.name if variant == "fp32" else f"{record.model.name}, {variant}"
        table.add_row(name, *cells, *_cost(record))
    return table


def _rank(record: RunResult) -> tuple[bool, float]:
    metric = record.ranking_metric
    mean = record.means.get(metric)
    if mean is None:
        return True, 0.0
    return False, -mean.value if record.metrics[metric].better == "higher" else mean.value


def _mean(record: RunResult, metric: str) -> str:
    mean = record.means.get(metric)
    if mean is None:
        return "-"
    return f"{mean.value:.{record.metrics[metric].digits}f}{'*' if mean.left_out else ''}"


def _cost(record: RunResult) -> tuple[str, str]:
    cost = record.cost
    if cost is None:
        return "", ""
    return f"{cost.seconds_per_megapixel:.2f}", f"{cost.peak_memory_bytes / 1e6:.0f}"


def _caption(records: Sequence[RunResult]) -> str | None:
    """Which scores the means leave out, and why."""
    left_out = [
        f"{record.model.name}: {metric} of {mean.left_out} of {record.dataset.images}"
        for record in records
        for metric, mean in record.means.items()
        if mean.left_out
    ]
    return f"* not finite, left out of the mean: {'; '.join(left_out)}" if left_out else None


def difference_table(differences: Sequence[Difference], first: str, second: str) -> Table:
    """A row for each metric: both means, the paired difference, and who is better."""
    names = f"first: {first}, second: {second}"
    table = Table(box=None, pad_edge=False, title=names, title_justify="left")
    table.add_column("metric", no_wrap=True)
    for title in ("first", "second", "difference", "95 %", "second wins"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("better")
    left_out = [f"{each.metric}: {each.left_out}" for each in differences if each.left_out]
    if left_out:
        table.caption = f"pictures left out, not finite in one of the two: {', '.join(left_out)}"
    for each in differences:
        table.add_row(
            each.metric,
            f"{each.first:.3f}",
            f"{each.second:.3f}",
            f"{each.mean:+z.3f}",
            f"{each.low:+z.3f} to {each.high:+z.3f}",
            f"{each.wins} of {each.count}",
            each.verdict(),
        )
    return table


def coverage_table(found: Sequence[Coverage]) -> Table:
    """A row for each number of pictures; for each shape what was covered and falsely ranked."""
    shapes = [*dict.fromkeys(each.shape for each in found)]
    table = Table(box=None, pad_edge=False)
    for title in ("pictures", *shapes, *(f"{shape}: ranks" for shape in shapes)):
        table.add_column(title, justify="right")
    for pictures in dict.fromkeys(each.pictures for each in found):
        row = [each for each in found if each.pictures == pictures]
        covered, ranks = [each.covered for each in row], [each.false_ranks for each in row]
        table.add_row(str(pictures), *(f"{share:.1%}" for share in (*covered, *ranks)))
    table.caption = (
        "95 % intervals that hold the true mean difference, and boards of "
        f"{MODELS} equally good models that have more than one rank"
    )
    return table


def edge_table(found: Sequence[EdgeGain]) -> Table:
    """A row for each way to treat the edge of a picture."""
    table = _table(f"the outer {EDGE} px of {found[0].pieces} pieces of {SIDE} px", "gain, dB")
    for each in found:
        table.add_row(each.treatment, f"{each.gain:+.2f}")
    return table


def focus_table(found: Sequence[FocusGain]) -> Table:
    """A row for each model, a column for each radius and the mean over those out of focus."""
    table = _table("", *(f"{radius:g} px" for radius in RADII), "mean")
    first = [each.blurred for each in found[: len(RADII)]]
    table.add_row("blurred, dB", *(f"{value:.2f}" for value in first), "")
    for model in dict.fromkeys(each.model for each in found):
        gains = [each.gain for each in found if each.model == model]
        mean = sum(gains[1:]) / len(gains[1:])
        table.add_row(model, *(f"{gain:+.2f}" for gain in (*gains, mean)))
    table.caption = (
        f"mean gain in dB of PSNR, {found[0].photos} photos, discs in linear light, "
        f"{PHOTONS:,} photons at white, 8 bits"
    )
    return table


def overhead_table(found: Overhead) -> Table:
    """Seconds of each part, and what the harness adds to the first two."""
    table = _table(f"{found.pictures} pictures", "seconds")
    for name, seconds in (
        ("the model alone", found.model),
        ("the metrics alone (PSNR, SSIM, NIQE, BRISQUE)", found.metrics),
        ("the harness: both, decoding, digests and the record", found.harness),
        ("pyiqa's command: the metrics, from files", found.pyiqa),
    ):
        table.add_row(name, f"{seconds:.1f}")
    table.caption = f"the harness adds {found.added:+.0%} to model and metrics"
    return table


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
    """A row for each network on each engine, beside ONNX Runtime at fp32."""
    table = _table("model", "s/MP", "+-", "times", "from fp32", "GFLOP/s", "of product", "peak MB")
    usual = {
        row.model: row.seconds_per_megapixel
        for row in run.networks
        if (row.engine, row.precision) == ("onnx", "fp32")
    }
    for row in run.networks:
        times = usual.get(row.model, math.nan) / row.seconds_per_megapixel
        table.add_row(
            f"{row.model}, {row.engine} {row.precision}",
            f"{row.seconds_per_megapixel:.2f}",
            f"{row.spread:.2f}",
            f"{times:.2f}" if row.model in usual else "",
            f"{row.parity:.0f} dB" if row.parity is not None else "",
            f"{row.gflops:.0f}" if row.gflops else "",
            f"{row.of_matrix_product:.0%}" if row.of_matrix_product else "",
            f"{row.peak_memory_mb:.0f}",
        )
    return table


def rates_sentence(run: SpeedRun) -> str:
    """What the machine multiplies: matrices, and plain convolutions at each precision."""
    rates = ", ".join(f"{way} {rate:.0f}" for way, rate in run.convolution_gflops.items())
    return (
        f"{run.machine}: matrix product {run.matrix_product_gflops:.0f} GFLOP/s; "
        f"3x3 convolutions {rates}"
    )


def photo_cost_table(run: SpeedRun) -> Table:
    """A row for each photo that was restored."""
    table = _table("restore", "MP", "seconds", "whole process", "not the network", "peak MB")
    for row in run.photos:
        table.add_row(
            f"{row.model}, {row.engine} {row.precision}",
            f"{row.megapixels:.0f}",
            f"{row.seconds:.1f}",
            f"{row.whole:.1f}",
            f"{row.overhead:.0%}",
            f"{row.peak_memory_mb:.0f}",
        )
    return table


def _table(first: str, *figures: str) -> Table:
    table = Table(first, box=None)
    for title in figures:
        table.add_column(title, justify="right")
    return table


def tuning_table(run: TuningRun) -> Table:
    """A row for each setting, and how much faster than the default it is."""
    title = f"{run.model}, {run.precision}, {run.cores} cores of {run.machine}"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for name in ("", "setting"):
        table.add_column(name, no_wrap=True)
    for name in ("best s/MP of 12 MP", "median", "speed", "s to start"):
        table.add_column(name, justify="right", no_wrap=True)
    default = run.measured[0].best
    for each in run.measured:
        table.add_row(
            each.group,
            each.name,
            f"{each.best:.3f}",
            f"{each.median:.3f}",
            f"{default / each.best:.2f}x",
            f"{each.start:.3f}",
        )
    return table

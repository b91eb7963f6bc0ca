"""Which scores can be true: the ranges of known metrics, and what no restoration gives."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from benchmarks.results import ImageScore, RunResult
from benchmarks.statistics import finite_only
from leaderboard.errors import Complaint

MOST_ABOVE = 3.0
"""So many dB above the best row of the board are not believed."""

MANY_EQUAL = 0.05
"""This share of restored pictures may be the sharp ones to the last bit, or a single one."""

_NAMED = 3


@dataclass(frozen=True)
class Range:
    """Where the scores of a metric lie; `infinite` where equal pictures give infinity."""

    low: float
    high: float
    better: str
    infinite: bool = False

    def holds(self, score: float) -> bool:
        """Whether a score that is a number can be one of the metric's."""
        if math.isinf(score):
            return self.infinite and score > 0
        return self.low <= score <= self.high


_PSNR, _SSIM = Range(1e-9, 100, "higher", infinite=True), Range(-1, 1, "higher")
_NO_REFERENCE = Range(-1000, 1000, "lower")
RANGES = {
    **dict.fromkeys(("psnr", "psnr_y", "change"), _PSNR),
    **dict.fromkeys(("ssim", "ssim_y", "ssim_3d"), _SSIM),
    **dict.fromkeys(("niqe", "brisque"), _NO_REFERENCE),
}
_SSIM_OF = {"psnr": "ssim", "psnr_y": "ssim_y"}


def named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def check_scores(record: RunResult) -> Iterator[Complaint]:
    """What cannot be true about the scores of single pictures, by metric."""
    for metric, described in record.metrics.items():
        known = RANGES.get(metric)
        if known and described.better != known.better:
            yield Complaint(f"metrics.{metric}.better", f"must be {known.better}")
        for wrong, sentence in _FAULTS:
            ids = [each.id for each in record.images if wrong(each, metric)]
            if ids:
                yield Complaint(f"images.scores.{metric}", f"{sentence} ({named(ids)})")
        yield from _check_all_alike(record, metric)
    yield from _check_sharp(record)


def check_against_board(record: RunResult, rows: pd.DataFrame) -> Iterator[Complaint]:
    """What cannot be true beside the other rows of the same dataset."""
    others = rows[(rows["dataset"] == record.dataset.name) & (rows["status"] == "shown")]
    mean = record.means.get("psnr")
    best = others["psnr"].max() if "psnr" in others else math.nan
    if mean and mean.value > best + MOST_ABOVE:
        yield Complaint(
            "means.psnr",
            f"is {mean.value:.2f} dB, and the best on the board has {best:.2f} dB: more than "
            f"{MOST_ABOVE:g} dB above it are not believed; ask whoever runs the board",
        )


def _is_out_of_range(image: ImageScore, metric: str) -> bool:
    score = image.scores[metric]
    known = RANGES.get(metric, Range(-math.inf, math.inf, ""))
    return not math.isnan(score) and not known.holds(score)


def _is_unexplained(image: ImageScore, metric: str) -> bool:
    return math.isnan(image.scores[metric]) and not image.notes


def _contradicts_ssim(image: ImageScore, metric: str) -> bool:
    similar = image.scores.get(_SSIM_OF.get(metric, ""), 1.0)
    return math.isinf(image.scores[metric]) and similar < 1 - 1e-9


Fault = Callable[[ImageScore, str], bool]
_FAULTS: tuple[tuple[Fault, str], ...] = (
    (_is_out_of_range, "has scores that the metric cannot give"),
    (_is_unexplained, "is NaN where no note of the picture says why"),
    (_contradicts_ssim, "is infinite, as of equal pictures, where SSIM is below 1"),
)


def _check_all_alike(record: RunResult, metric: str) -> Iterator[Complaint]:
    scores = finite_only([image.scores[metric] for image in record.images])
    if len(scores) > 2 and len({*scores}) == 1:
        yield Complaint(
            f"images.scores.{metric}", f"all {len(scores)} pictures have the score {scores[0]:g}"
        )


def _check_sharp(record: RunResult) -> Iterator[Complaint]:
    equal = [each.id for each in record.images if math.isinf(each.scores.get("psnr", 0.0))]
    if len(equal) > max(1, MANY_EQUAL * len(record.images)):
        yield Complaint(
            "images.scores.psnr",
            f"{len(equal)} of {len(record.images)} restored pictures are the sharp ones to the "
            f"last bit ({named(equal)}): hand in what the model made of the blurred ones",
        )

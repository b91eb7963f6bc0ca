"""Which scores can be true: the ranges of known metrics, and what no restoration gives."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from deblur.language import say
from deblur.records.run_result import ImageScore, RunResult
from deblur.records.statistics import finite_only
from leaderboard.errors import Complaint

MAX_GAIN_OVER_BEST = 3.0
"""A gain of more than this, in dB, over the best row that was measured here is not believed."""

CHECKED = ("measured", "verified")
"""Kinds of rows that were measured by an operator."""

MANY_EQUAL = 0.05
"""This share of restored pictures may be the sharp ones to the last bit, or a single one."""

MANY_UNDEFINED = 0.05
"""This share of the scores to rank by may be undefined."""

_MAX_NAMED = 3


@dataclass(frozen=True)
class Range:
    """Where the scores of a metric lie; `infinite` where equal pictures give infinity.

    `undefined` where there are pictures that it cannot judge.
    """

    low: float
    high: float
    better: str
    infinite: bool = False
    undefined: bool = False

    def holds(self, score: float) -> bool:
        """Whether a score that is a number can be one of the metric's."""
        if math.isinf(score):
            return self.infinite and score > 0
        return self.low <= score <= self.high


_PSNR, _SSIM = Range(1e-9, 100, "higher", infinite=True), Range(-1, 1, "higher")
_NO_REFERENCE = Range(-1000, 1000, "lower", undefined=True)
RANGES = {
    **dict.fromkeys(("psnr", "psnr_y", "change"), _PSNR),
    **dict.fromkeys(("ssim", "ssim_y", "ssim_3d"), _SSIM),
    **dict.fromkeys(("niqe", "brisque"), _NO_REFERENCE),
}
_ANY = Range(-math.inf, math.inf, "", undefined=True)
_SSIM_OF = {"psnr": "ssim", "psnr_y": "ssim_y"}


def named(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    left = len(names) - _MAX_NAMED
    more = say(" and {count} more", count=left) if left > 0 else ""
    return ", ".join(names[:_MAX_NAMED]) + more


def check_scores(record: RunResult) -> Iterator[Complaint]:
    """What cannot be true about the scores of single pictures, by metric."""
    for metric, described in record.metrics.items():
        known = RANGES.get(metric)
        if known and described.better != known.better:
            yield Complaint(
                f"metrics.{metric}.better", say("must be {better}", better=known.better)
            )
        for wrong, sentence in _faults():
            ids = [each.id for each in record.images if wrong(each, metric)]
            if ids:
                yield Complaint(
                    f"images.scores.{metric}",
                    f"{sentence} ({named(ids)})",
                )
        yield from _check_all_alike(record, metric)
    yield from _check_sharp(record)
    yield from _check_left_out(record)


def check_against_board(record: RunResult, rows: pd.DataFrame) -> Iterator[Complaint]:
    """What cannot be true beside the other rows of the same dataset."""
    others = rows[(rows["dataset"] == record.dataset.name) & (rows["status"] == "shown")]
    yield from _check_definitions(record, others[others["kind"] == "measured"])
    mean = record.means.get("psnr")
    checked = others[others["kind"].isin(CHECKED)]
    best = checked["psnr"].max() if "psnr" in checked else math.nan
    if mean and mean.value > best + MAX_GAIN_OVER_BEST:
        yield Complaint(
            "means.psnr",
            say(
                "is {psnr} dB; the best that was measured here has {best} dB. A gain of more "
                "than {most} dB over the best is not accepted; ask the operator of the board",
                psnr=f"{mean.value:.2f}",
                best=f"{best:.2f}",
                most=f"{MAX_GAIN_OVER_BEST:g}",
            ),
        )


def _is_out_of_range(image: ImageScore, metric: str) -> bool:
    score = image.scores[metric]
    known = RANGES.get(metric, _ANY)
    return not math.isnan(score) and not known.holds(score)


def _is_unexplained(image: ImageScore, metric: str) -> bool:
    explained = any(note.startswith(f"{metric}:") for note in image.notes)
    may_be = RANGES.get(metric, _ANY).undefined and explained
    return math.isnan(image.scores[metric]) and not may_be


def _contradicts_ssim(image: ImageScore, metric: str) -> bool:
    similar = image.scores.get(_SSIM_OF.get(metric, ""), 1.0)
    return math.isinf(image.scores[metric]) and similar < 1 - 1e-9


Fault = Callable[[ImageScore, str], bool]


def _faults() -> tuple[tuple[Fault, str], ...]:
    """What can be wrong with a score, and what is said of it."""
    unexplained = say("is NaN, and no note says that the metric could not judge the picture")
    contradiction = say("is infinite, as of equal pictures, where SSIM is below 1")
    return (
        (_is_out_of_range, say("has scores outside the range of the metric")),
        (_is_unexplained, unexplained),
        (_contradicts_ssim, contradiction),
    )


def _check_all_alike(record: RunResult, metric: str) -> Iterator[Complaint]:
    scores = finite_only([image.scores[metric] for image in record.images])
    if len(scores) > 2 and len({*scores}) == 1:
        yield Complaint(
            f"images.scores.{metric}",
            say(
                "all {count} pictures have the score {score}",
                count=len(scores),
                score=f"{scores[0]:g}",
            ),
        )


def _check_sharp(record: RunResult) -> Iterator[Complaint]:
    equal = [each.id for each in record.images if math.isinf(each.scores.get("psnr", 0.0))]
    if len(equal) > max(1, MANY_EQUAL * len(record.images)):
        yield Complaint(
            "images.scores.psnr",
            say(
                "{count} of {all} restored pictures are identical to the sharp ones "
                "({names}): submit what the model made of the blurred ones",
                count=len(equal),
                all=len(record.images),
                names=named(equal),
            ),
        )


def _check_left_out(record: RunResult) -> Iterator[Complaint]:
    if not record.metrics:
        return
    metric = record.ranking_metric
    mean = record.means.get(metric)
    if mean and mean.left_out > MANY_UNDEFINED * len(record.images):
        yield Complaint(
            f"images.scores.{metric}",
            say(
                "is undefined for {count} of {all} pictures; the ranking metric must be "
                "defined for at least {least}",
                count=mean.left_out,
                all=len(record.images),
                least=f"{1 - MANY_UNDEFINED:.0%}",
            ),
        )


def _check_definitions(record: RunResult, measured: pd.DataFrame) -> Iterator[Complaint]:
    """A metric is what it is in the rows that were measured here, where it is in any."""
    ours = [json.loads(each) for each in measured["metrics"].drop_duplicates()]
    for metric, described in record.metrics.items():
        known = [each[metric] for each in ours if metric in each]
        if known and described.model_dump() not in known:
            yield Complaint(
                f"metrics.{metric}",
                say("has another definition on the board; measure with the current harness"),
            )

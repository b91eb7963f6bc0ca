"""How far a claim may lie from what is measured again."""

import math

import pytest

from deblur.records.protocol import EvalProtocol
from deblur.records.run_result import ImageScore, MetricRecord, RunResult
from leaderboard.errors import VerificationError
from leaderboard.intake.verification import verification, verified
from leaderboard.store.entries import Entry
from tests.leaderboard.entries import at, images, record

CLAIMED = 10.0


def test_who_measured_again_is_a_name_that_can_be_shown() -> None:
    assert verified(record(), "the lab").by == "the lab"
    with pytest.raises(VerificationError, match="by: has < or >"):
        verified(record(), "<b>")


def scored(metric: str, first: float) -> RunResult:
    """A record in one metric; every picture but the first has the score that is claimed."""
    described = MetricRecord(
        title=metric, better="higher", against="sharp", digits=2, definition="as its name says"
    )
    given: list[ImageScore] = [
        image.model_copy(update={"scores": {metric: CLAIMED if place else first}})
        for place, image in enumerate(images())
    ]
    return record(given=given, metrics={metric: described})


def claim(of: RunResult) -> Entry:
    return Entry(kind="self-reported", record=of, submitted="2026-01-01")


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("metric", "tolerance"),
    [
        ("psnr", 0.02),
        ("psnr_y", 0.02),
        ("ssim", 0.001),
        ("ssim_y", 0.001),
        ("ssim_3d", 0.001),
        ("niqe", 0.05),
        ("brisque", 0.5),
        ("change", 0.02 * CLAIMED),
    ],
)
def test_each_metric_has_its_tolerance(metric: str, tolerance: float, sign: int) -> None:
    claimed = claim(scored(metric, CLAIMED))
    within = scored(metric, CLAIMED + sign * 0.97 * tolerance)
    beyond = scored(metric, CLAIMED + sign * 1.03 * tolerance)
    assert verification(claimed, within) == []
    (sentence,) = verification(claimed, beyond)
    assert sentence.startswith(f"{metric} of 1 of 25 pictures: ")


def test_the_tolerance_of_other_metrics_is_a_share_of_what_was_measured() -> None:
    assert verification(claim(scored("lpips", 0.0)), scored("lpips", 0.0)) == []
    for sign in (-1, 1):
        more, less = scored("lpips", sign * 1.0), scored("lpips", sign * 0.9802)
        assert verification(claim(less), more) == []
        assert len(verification(claim(more), less)) == 1


@pytest.mark.parametrize(
    ("theirs", "ours", "agree"),
    [
        (math.nan, math.nan, True),
        (math.nan, CLAIMED, False),
        (CLAIMED, math.nan, False),
        (math.inf, math.inf, True),
        (math.inf, CLAIMED, False),
        (CLAIMED, math.inf, False),
    ],
)
def test_what_is_not_finite_agrees_with_its_like_only(
    theirs: float, ours: float, agree: bool
) -> None:
    found = verification(claim(scored("psnr", theirs)), scored("psnr", ours))
    assert (found == []) == agree


@pytest.mark.parametrize(
    "field",
    ["weights_sha256", "parameters", "macs_per_megapixel", "dataset", "protocol", "precision"],
)
def test_what_was_measured_must_be_what_is_claimed(field: str) -> None:
    claimed, measured = record(), record()
    if field == "dataset":
        other = measured.dataset.model_copy(update={"digest": "0"})
        measured = measured.model_copy(update={"dataset": other})
    elif field == "protocol":
        measured = measured.model_copy(update={"protocol": EvalProtocol(tiling=64)})
    elif field == "precision":
        measured = measured.model_copy(update={"engine": at("int8")})
    else:
        kinds = {"weights_sha256": ("a" * 64, "b" * 64)}
        first, second = kinds.get(field, (1000, 2000))
        claimed, measured = (
            each.model_copy(update={"model": each.model.model_copy(update={field: value})})
            for each, value in ((claimed, first), (measured, second))
        )
    (sentence,) = verification(claim(claimed), measured)
    what = {"weights_sha256": "weights", "dataset": "pictures"}.get(field, field)
    assert sentence.startswith(f"{what}: ")
    assert "is claimed" in sentence

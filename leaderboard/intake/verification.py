"""Whether a claim holds: the stated model is measured again, and compared picture by picture."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from pydantic import ValidationError

from deblur.catalog import CATALOG
from deblur.records.run_result import RunResult
from leaderboard.errors import HarnessError, VerificationError
from leaderboard.intake.harness import run_harness
from leaderboard.intake.plausibility import named
from leaderboard.store.entries import Entry, Verification, complaints_of

TOLERANCE: Mapping[str, float] = {
    **dict.fromkeys(("psnr", "psnr_y"), 0.02),
    **dict.fromkeys(("ssim", "ssim_y", "ssim_3d"), 0.001),
    "niqe": 0.05,
    "brisque": 0.5,
}
"""How far the scores of a picture may lie apart on another machine, by metric."""

MAX_SECONDS = 24 * 3600.0
"""Time that measuring a claim again may take."""

OTHER_TOLERANCE = 0.02
"""The same for every other metric, as a share of the measured score."""


def verification(
    entry: Entry, measured: RunResult, tolerance: Mapping[str, float] = TOLERANCE
) -> list[str]:
    """What lies between a claim and a fresh record, a sentence each; nothing when it holds."""
    claimed = entry.record
    differences = [
        f"{what}: {theirs or 'none'} is claimed, {ours or 'none'} was measured"
        for what, theirs, ours in (
            ("pictures", claimed.dataset.digest, measured.dataset.digest),
            ("protocol", claimed.rules, measured.rules),
            ("precision", claimed.engine.precision, measured.engine.precision),
            ("weights", claimed.model.weights_sha256, measured.model.weights_sha256),
            ("parameters", claimed.model.parameters, measured.model.parameters),
            (
                "macs_per_megapixel",
                claimed.model.macs_per_megapixel,
                measured.model.macs_per_megapixel,
            ),
        )
        if theirs != ours
    ]
    return [*differences, *_apart(claimed, measured, tolerance)]


def measure_again(
    entry: Entry, *, model: str | None = None, pictures: Path | None = None
) -> RunResult:
    """Run the harness as a process of its own, on what the entry says or on `model`.

    `pictures` is the dataset's folder, where it does not come with the project. Raises
    VerificationError when nothing says what to run, or the harness could not.
    """
    try:
        stated = _local(model) if model else _on_hub(model_of(entry))
        return run_harness(_options(entry.record, stated, pictures), seconds=MAX_SECONDS)
    except HarnessError as error:
        raise VerificationError(
            f"the harness left no record ({error}); what it says is above"
        ) from error


def model_of(entry: Entry) -> str:
    """What the harness can run of an entry. Raises VerificationError when nothing is stated."""
    model = entry.record.model
    if entry.about.hub_name:
        return entry.about.hub_name
    if model.name in CATALOG or model.kind == "baseline":
        return model.name
    raise VerificationError(
        f"{entry.id} names no repository on the Hub, and {model.name} is none of the project's "
        "models: get its exported file, and name it with --model"
    )


def verified(measured: RunResult, by: str = "") -> Verification:
    """What to keep of a record that agrees with the claim.

    Raises VerificationError if the name in `by` cannot be shown.
    """
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    try:
        return Verification(record=measured, tolerance=dict(TOLERANCE), date=today, by=by)
    except ValidationError as error:
        raise VerificationError("; ".join(map(str, complaints_of(error)))) from error


def _options(record: RunResult, model: str, pictures: Path | None) -> list[str]:
    """Given as --name=value, so that no value can be taken for an option."""
    options = {
        "model": model,
        "dataset": f"{record.dataset.name}={pictures.resolve()}"
        if pictures
        else record.dataset.name,
        "metrics": ",".join(record.metrics),
        "precision": record.engine.precision,
    }
    if record.engine.backend in ("onnx", "torch"):
        options["backend"] = record.engine.backend
    if record.protocol.tiling != "model":
        options["tile"] = str(record.protocol.tiling)
    return [f"--{name}={value}" for name, value in options.items()]


def _local(model: str) -> str:
    return str(Path(model).resolve()) if Path(model).is_file() else model


def _on_hub(model: str) -> str:
    """What an entry names, so that it is never taken for a file of this machine."""
    repository, _, revision = model.partition("@")
    if "/" not in repository:
        return model
    at = f"@{quote(revision, safe='')}" if revision else ""
    return f"hf://{repository}{at}"


def _apart(
    claimed: RunResult, measured: RunResult, tolerance: Mapping[str, float]
) -> Iterator[str]:
    ours = {image.id: image.scores for image in measured.images}
    for metric in claimed.metrics:
        pairs = [
            (image.id, image.scores[metric], ours.get(image.id, {}).get(metric, math.nan))
            for image in claimed.images
        ]
        apart = [
            (id, a, b)
            for id, a, b in pairs
            if not _agree(a, b, tolerance.get(metric, OTHER_TOLERANCE * abs(b)))
        ]
        if apart:
            shown = [f"{id} {a:.3f}, measured {b:.3f}" for id, a, b in apart]
            yield f"{metric} of {len(apart)} of {len(pairs)} pictures: {named(shown)}"


def _agree(first: float, second: float, tolerance: float) -> bool:
    both_undefined = math.isnan(first) and math.isnan(second)
    return both_undefined or first == second or abs(first - second) <= tolerance

"""Records and entries that tests of the board are made of."""

from typing import Any

import numpy as np

from benchmarks.datasets.manifest import read_manifest
from benchmarks.running.runner import metric_record
from deblur.records.protocol import EvalProtocol
from deblur.records.run_result import (
    DatasetRecord,
    EngineRecord,
    ImageScore,
    ModelRecord,
    RunResult,
    category_means,
    dataset_digest,
    mean_scores,
)
from leaderboard.store.entries import Entry

BOARD = "somebody/board"
"""A board's repository on the Hub."""

ABOUT = {
    "link": "somebody/sharp@main",
    "licence": "MIT",
    "training_data": "GoPro train",
    "contact": "somebody@example.org",
}
METRICS = {name: metric_record(name) for name in ("psnr", "ssim")}


def images(psnr: float = 26.0, seed: int = 0, spread: float = 1.0) -> list[ImageScore]:
    """The pictures of the embedded dataset, with scores around a mean."""
    manifest = read_manifest("mini")
    assert manifest is not None
    noise = np.random.default_rng(seed).normal(0, spread, len(manifest.images))
    return [
        ImageScore(
            id=each.id,
            width=each.size[0] if each.size else 0,
            height=each.size[1] if each.size else 0,
            blurred=each.blurred or "",
            sharp=each.sharp,
            scores={"psnr": psnr + float(by), "ssim": 0.8 + float(by) / 100},
            seconds=0.1,
        )
        for each, by in zip(manifest.images, noise, strict=True)
    ]


def record(
    model: str = "sharp",
    given: list[ImageScore] | None = None,
    about_model: dict[str, Any] | None = None,
    **changes: Any,
) -> RunResult:
    """A record of the embedded dataset whose means and digests are right."""
    pictures = tuple(images() if given is None else given)
    protocol = changes.get("protocol", EvalProtocol())
    metrics = changes.get("metrics", METRICS)
    fields: dict[str, Any] = {
        "model": ModelRecord(
            **{"name": model, "title": model.title(), "kind": "network", **(about_model or {})}
        ),
        "engine": EngineRecord(
            backend="onnx",
            requested_device="auto",
            device="cpu",
            execution_provider="CPUExecutionProvider",
            precision="fp32",
        ),
        "dataset": DatasetRecord(
            name="mini", title="Mini", images=len(pictures), digest=dataset_digest(pictures)
        ),
        "protocol": protocol,
        "protocol_digest": protocol.digest(),
        "metrics": METRICS,
        "images": pictures,
        "means": mean_scores(pictures, [*metrics]),
        "categories": category_means(pictures, [*metrics]),
        "date": "2026-01-01T00:00:00Z",
    }
    return RunResult(**{**fields, **changes})


def of_schema_1(made: RunResult) -> RunResult:
    """What harnesses wrote before: precision among the rules, and the seed of a bootstrap."""
    protocol = made.protocol.model_copy(update={"precision": made.engine.precision})
    changes = {"schema_version": 1, "protocol": protocol, "seed": 0}
    digest = protocol.digest_of_schema_1()
    return made.model_copy(update={**changes, "protocol_digest": digest})


def at(precision: str) -> EngineRecord:
    """What ran a model at a precision."""
    return record().engine.model_copy(update={"precision": precision})


def measured(model: str = "sharp", psnr: float = 26.0, seed: int = 0, **changes: Any) -> Entry:
    """An entry that was measured here."""
    made = record(model, images(psnr, seed), **changes)
    return Entry(kind="measured", record=made, submitted="2026-01-01")

"""Benchmark records as the Hugging Face Hub shows scores: in a model's card, or a benchmark's file.

Reads what it needs of a record's JSON (docs/results-schema.md), also inside a board's entry.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import EvalResult, EvalResultEntry, constants, eval_result_entries_to_yaml
from huggingface_hub.repocard_data import eval_results_to_model_index
from pydantic import BaseModel, ValidationError

from deblur.errors import PublishError

TASK = "image-to-image"
TASK_NAME = "Image deblurring"


class _Model(BaseModel):
    name: str
    kind: Literal["network", "baseline", "pictures"]
    weights_sha256: str | None


class _Engine(BaseModel):
    backend: str
    device: str
    precision: str


class _Dataset(BaseModel):
    name: str
    title: str
    images: int
    digest: str


class _Metric(BaseModel):
    title: str
    better: Literal["higher", "lower"]
    digits: int
    definition: str


class _Mean(BaseModel):
    value: float
    low: float
    high: float


class Measurement(BaseModel):
    """One model's scores on one dataset under one protocol, as a record has them.

    The first of `metrics` is the one that ranks.
    """

    schema_version: Literal[1]
    model: _Model
    engine: _Engine
    dataset: _Dataset
    protocol_digest: str
    metrics: dict[str, _Metric]
    means: dict[str, _Mean]
    date: str

    @property
    def scores(self) -> dict[str, float]:
        """The mean of each metric, rounded to the digits that it is given with."""
        return {
            name: round(self.means[name].value, metric.digits)
            for name, metric in self.metrics.items()
            if name in self.means
        }

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> "Measurement":
        """Read a record, or an entry that holds one. Raises PublishError when it is neither."""
        try:
            content = json.loads(text)
            return cls.model_validate(content.get("record", content))
        except (ValueError, AttributeError) as error:
            raise PublishError(
                f"{source} is no benchmark record ({_first(error)}); give the JSON that "
                "`python -m benchmarks run` wrote"
            ) from error

    @classmethod
    def read(cls, path: Path) -> "Measurement":
        """Read a record's file. Raises PublishError when it is not there or is none."""
        try:
            return cls.from_json(path.read_bytes(), str(path))
        except OSError as error:
            raise PublishError(f"{path} cannot be read ({error.strerror})") from error


def model_index(name: str, measurements: Sequence[Measurement]) -> dict[str, Any]:
    """The metadata of a model card that hold the scores of the network `name`, if there are any.

    A dataset's revision is the digest of its pixels, its configuration the digest of the rules.
    Measurements of anything but networks are left out.
    """
    results = [
        EvalResult(
            task_type=TASK,
            task_name=TASK_NAME,
            dataset_type=each.dataset.name,
            dataset_name=each.dataset.title,
            dataset_revision=each.dataset.digest,
            dataset_config=f"protocol {each.protocol_digest}",
            metric_type=metric,
            metric_name=f"{each.metrics[metric].title} ({each.metrics[metric].definition})",
            metric_value=value,
        )
        for each in networks(measurements)
        for metric, value in each.scores.items()
    ]
    return {"model-index": eval_results_to_model_index(name, results)} if results else {}


def result_files(measurements: Sequence[Measurement], benchmark: str) -> dict[str, str]:
    """The Hub's evaluation-result files: path -> YAML (of which JSON is part), one a dataset.

    `benchmark` is the dataset repository on the Hub whose leaderboard they count for, with a
    task for each of our datasets; a task has one value, that of the metric that ranks. Raises
    PublishError when a measurement has no mean of it.
    """
    entries: dict[str, list[EvalResultEntry]] = {}
    for each in networks(measurements):
        path = f".eval_results/{each.dataset.name}.yaml"
        entries.setdefault(path, []).append(_result_entry(each, benchmark))
    return {
        path: f"{json.dumps(eval_result_entries_to_yaml(each), indent=2)}\n"
        for path, each in entries.items()
    }


def networks(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Those of networks: not of baselines, nor of pictures that somebody handed in."""
    return [each for each in measurements if each.model.kind == "network"]


def _result_entry(measured: Measurement, benchmark: str) -> EvalResultEntry:
    name, metric = next(iter(measured.metrics.items()))
    if name not in measured.scores:
        raise PublishError(f"{measured.dataset.name} has no mean {metric.title}: measure it again")
    return EvalResultEntry(
        dataset_id=benchmark,
        task_id=measured.dataset.name,
        value=measured.scores[name],
        date=measured.date,
        source_url=f"{constants.ENDPOINT}/datasets/{benchmark}",
        source_name="Deblur Arena",
        notes=f"{metric.title}, {metric.definition}; {measured.dataset.images} pictures; protocol "
        f"{measured.protocol_digest}; {measured.engine.backend}, {measured.engine.precision}",
    )


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)

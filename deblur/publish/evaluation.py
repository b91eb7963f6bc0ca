"""Benchmark records as the Hugging Face Hub shows scores: in a card, or a benchmark's file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, EvalResultEntry, constants, eval_result_entries_to_yaml
from huggingface_hub.repocard_data import eval_results_to_model_index
from pydantic import ValidationError

from deblur.errors import PublishError
from deblur.records.run_result import RunResult

TASK = "image-to-image"
TASK_NAME = "Image deblurring"


def measured_in(text: str | bytes, source: str) -> RunResult:
    """The record that a text is, or that an entry holds. Raises PublishError when it is neither."""
    try:
        content = json.loads(text)
        return RunResult.model_validate(content.get("record", content))
    except (ValueError, AttributeError) as error:
        raise PublishError(
            f"{source} is no benchmark record ({_first(error)}); give the JSON that "
            "`python -m benchmarks run` wrote"
        ) from error


def read_measured(path: Path) -> RunResult:
    """`measured_in` of a file. Raises PublishError when it is not there, too."""
    try:
        return measured_in(path.read_bytes(), str(path))
    except OSError as error:
        raise PublishError(f"{path} cannot be read ({error.strerror})") from error


def scores_of(measured: RunResult) -> dict[str, float]:
    """The mean of each metric, rounded to the digits that it is given with."""
    return {
        name: round(measured.means[name].value, metric.digits)
        for name, metric in measured.metrics.items()
        if name in measured.means
    }


def model_index(name: str, measurements: Sequence[RunResult]) -> dict[str, Any]:
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
            dataset_config=f"protocol {each.rules}",
            metric_type=metric,
            metric_name=f"{each.metrics[metric].title} ({each.metrics[metric].definition})",
            metric_value=value,
        )
        for each in networks(measurements)
        for metric, value in scores_of(each).items()
    ]
    return {"model-index": eval_results_to_model_index(name, results)} if results else {}


def result_files(measurements: Sequence[RunResult], benchmark: str) -> dict[str, str]:
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


def networks(measurements: Sequence[RunResult]) -> list[RunResult]:
    """Those of networks: not of baselines, nor of submitted pictures."""
    return [each for each in measurements if each.model.kind == "network"]


def _result_entry(measured: RunResult, benchmark: str) -> EvalResultEntry:
    name, scores = measured.ranking_metric, scores_of(measured)
    metric = measured.metrics[name]
    if name not in scores:
        raise PublishError(f"{measured.dataset.name} has no mean {metric.title}: measure it again")
    return EvalResultEntry(
        dataset_id=benchmark,
        task_id=measured.dataset.name,
        value=scores[name],
        date=measured.date,
        source_url=f"{constants.ENDPOINT}/datasets/{benchmark}",
        source_name="Deblur Arena",
        notes=f"{metric.title}, {metric.definition}; {measured.dataset.images} pictures; protocol "
        f"{measured.rules}; {measured.engine.backend}, {measured.engine.precision}",
    )


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)

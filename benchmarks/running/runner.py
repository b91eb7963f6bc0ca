"""A run from tasks to records: plan, carry out, keep what is finished, merge, write."""

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.metrics import find_metric
from benchmarks.running.journal import Journal, write_whole
from benchmarks.running.scoring import ShardWorker
from benchmarks.running.shards import (
    FinishedShard,
    Shard,
    Task,
    merge_shards,
    plan_costs,
    plan_shards,
)
from deblur.crews import Crew, carry_out
from deblur.errors import RecordError
from deblur.records.run_result import (
    DatasetRecord,
    MetricRecord,
    RunResult,
    category_means,
    dataset_digest,
    folder_of,
    mean_scores,
    read_record,
)
from deblur.records.statistics import finite_only


@dataclass(frozen=True)
class TaskProgress:
    """How far a task is: pictures scored, of how many, and the running mean it is ranked by."""

    task: Task
    done: int
    total: int
    metric: str
    mean: float | None


OnProgress = Callable[[TaskProgress], None]


@dataclass
class _Gathered:
    """The shards of a task so far."""

    journal: Journal
    shards: dict[Shard, FinishedShard] = field(default_factory=dict)


def run(
    tasks: Sequence[Task],
    output: Path,
    *,
    crew: Crew | None = None,
    cost: bool = True,
    command: str = "",
    on_progress: OnProgress = lambda progress: None,
) -> Iterator[tuple[RunResult, Path]]:
    """Carry out tasks, and yield the record of each with its file as it is written.

    Records lie at `output/DATASET/MODEL/ID.json`, a single one at `output` itself where that is a
    `.json`. Every finished shard is on disk before it counts; the same call after a crash goes on
    from there. Raises BenchmarkError for several records and one file, MetricError for weights that
    cannot be fetched, both before any work, and what loading models and pictures, scoring and
    writing raise: what was finished stays.
    """
    if _is_file(output) and len(tasks) != 1:
        raise BenchmarkError(f"{len(tasks)} records do not fit into {output}: name a folder")
    results = _ready_for_results(output)
    for name in {name: None for task in tasks for name in task.metrics}:
        find_metric(name).fetch()
    crew = crew or Crew()
    gathered = [_Gathered(Journal(results, task)) for task in tasks]
    make_worker = partial(ShardWorker, tuple(tasks))
    steps = [(replace(crew, workers=1), plan_costs(tasks))] if cost else []
    for step_crew, planned in [*steps, (crew, plan_shards(tasks))]:
        shards = [shard for shard in planned if not _found(gathered[shard.task], shard)]
        for shard, finished in carry_out(shards, make_worker, step_crew):
            gathered[shard.task].journal.keep(shard, finished)
            gathered[shard.task].shards[shard] = finished
            on_progress(_progress(tasks[shard.task], gathered[shard.task]))
    for task, each in zip(tasks, gathered, strict=True):
        record = make_record(task, list(each.shards.values()), command=command)
        path = output if _is_file(output) else results / _place(record)
        write_whole(path, record.to_json())
        each.journal.clear()
        yield record, path


def make_record(task: Task, shards: Sequence[FinishedShard], *, command: str = "") -> RunResult:
    """The record of a task whose shards are all finished. Raises what `merge_shards` raises."""
    merged = merge_shards(task, shards)
    dataset = task.dataset
    return RunResult(
        model=merged.model,
        engine=merged.engine,
        dataset=DatasetRecord(
            name=dataset.name,
            title=dataset.spec.title,
            images=len(merged.images),
            digest=dataset_digest(merged.images),
            variant=dataset.variant,
            subset_of=dataset.subset_of,
        ),
        protocol=task.protocol,
        protocol_digest=task.protocol.digest(),
        metrics={name: metric_record(name) for name in task.metrics},
        images=merged.images,
        means=mean_scores(merged.images, task.metrics),
        categories=category_means(merged.images, task.metrics),
        cost=merged.cost,
        machines=merged.machines,
        date=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        command=command,
    )


def _place(record: RunResult) -> Path:
    """Where the leaderboard looks for a record: DATASET/MODEL/ID.json."""
    return Path(record.dataset.name, folder_of(record.model.name), f"{record.id}.json")


def _is_file(output: Path) -> bool:
    return output.suffix == ".json"


def _ready_for_results(output: Path) -> Path:
    """The folder of results, which can be written. Raises BenchmarkError before any work."""
    results = output.parent if _is_file(output) else output
    if _is_file(output) and output.is_dir():
        raise BenchmarkError(f"{output} is a folder; --output takes one that does not end in .json")
    if _is_file(output) and output.exists():
        _refuse_what_is_no_record(output)
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results):
            return results
    except OSError as error:
        raise BenchmarkError(
            f"{results} cannot hold results ({error.strerror}): name another place with --output"
        ) from error


def _refuse_what_is_no_record(output: Path) -> None:
    try:
        read_record(output)
    except RecordError as error:
        raise BenchmarkError(
            f"{output} is there and is no record, so it is not replaced: name another file with "
            "--output"
        ) from error


def _found(gathered: _Gathered, shard: Shard) -> bool:
    finished = gathered.journal.find(shard)
    if finished is not None:
        gathered.shards[shard] = finished
    return finished is not None


def _progress(task: Task, gathered: _Gathered) -> TaskProgress:
    images = [image for shard in gathered.shards.values() for image in shard.images]
    metric = task.metrics[0]
    scores = finite_only([image.scores[metric] for image in images])
    mean = statistics.fmean(scores) if scores else None
    return TaskProgress(task, len(images), len(task.dataset.items), metric, mean)


def metric_record(name: str) -> MetricRecord:
    """What a metric's name stands for. Raises what `find_metric` raises."""
    metric = find_metric(name)
    return MetricRecord(
        title=metric.title,
        better=metric.better,
        against=metric.against,
        digits=metric.digits,
        definition=metric.definition,
    )

"""The work of a run as shards, each a model on some pictures of a dataset, and their merging."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets import Dataset
from benchmarks.methods import MethodChoice
from deblur.errors import RecordError
from deblur.records.protocol import EvalProtocol
from deblur.records.run_result import (
    CostRecord,
    EngineRecord,
    ImageScore,
    Machine,
    ModelRecord,
    Record,
)

MAX_PICTURES = 8
"""Pictures in a shard, at most: what is lost when a run is killed."""
MIN_SHARDS = 4
"""Shards that a small dataset is cut into."""


@dataclass(frozen=True)
class Task:
    """One model on one dataset: what becomes one record."""

    method: MethodChoice
    dataset: Dataset
    protocol: EvalProtocol
    metrics: tuple[str, ...]
    save: Path | None = None


@dataclass(frozen=True)
class Shard:
    """The pictures from `first` up to `end` of a task, or, with `cost`, what restoring costs."""

    task: int
    first: int
    end: int
    cost: bool = False

    @property
    def name(self) -> str:
        """Its file's name among the finished shards."""
        return "cost" if self.cost else f"{self.first:06d}-{self.end:06d}"


class FinishedShard(Record):
    """What a worker found: scores of pictures, or the cost; and what they were taken with."""

    model: ModelRecord
    engine: EngineRecord
    machine: Machine
    images: tuple[ImageScore, ...] = ()
    cost: CostRecord | None = None


def plan_shards(tasks: Sequence[Task]) -> list[Shard]:
    """Every picture of every task in exactly one shard; the same plan for every crew."""
    shards = []
    for task, each in enumerate(tasks):
        count = len(each.dataset.items)
        size = min(MAX_PICTURES, math.ceil(count / MIN_SHARDS))
        shards += [Shard(task, first, min(first + size, count)) for first in range(0, count, size)]
    return shards


def plan_costs(tasks: Sequence[Task]) -> list[Shard]:
    """One for every task whose speed says something; to be carried out while all is quiet."""
    return [Shard(task, 0, 0, cost=True) for task, each in enumerate(tasks) if each.method.timed]


@dataclass(frozen=True)
class Merged:
    """All that the shards of a task found."""

    model: ModelRecord
    engine: EngineRecord
    machines: tuple[Machine, ...]
    images: tuple[ImageScore, ...]
    cost: CostRecord | None


def merge_shards(task: Task, shards: Iterable[FinishedShard]) -> Merged:
    """Put the shards of a task together, its pictures in the dataset's order.

    Raises RecordError when a picture was scored twice or not at all, or when the shards are not
    of one model on one kind of engine.
    """
    found = list(shards)
    scores = {image.id: image for shard in found for image in shard.images}
    counts = Counter(image.id for shard in found for image in shard.images)
    expected = [item.id for item in task.dataset.items]
    wrong = [f"{id} was scored {counts[id]} times" for id in expected if counts[id] != 1]
    wrong += [f"{id} is no picture of it" for id in sorted(counts.keys() - set(expected))]
    for what in ("model", "engine"):
        different = {getattr(shard, what).model_dump_json() for shard in found}
        if len(different) > 1:
            wrong.append(f"its shards name {len(different)} kinds of {what}")
    if wrong:
        raise RecordError(
            f"the shards of {task.method.model} on {task.dataset.name} do not make a whole: "
            f"{'; '.join(wrong[:5])}"
        )
    machines = {shard.machine.model_dump_json(): shard.machine for shard in found}
    return Merged(
        model=found[0].model,
        engine=found[0].engine,
        machines=tuple(machines.values()),
        images=tuple(scores[id] for id in expected),
        cost=next((shard.cost for shard in found if shard.cost), None),
    )

"""What a worker does: restore pictures one after another, and score them beside that."""

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.costs.cost import measure_cost
from benchmarks.costs.machine import this_machine
from benchmarks.datasets.items import Item, LoadedItem
from benchmarks.methods import Method, MethodChoice
from benchmarks.metrics import Metric, find_metric
from benchmarks.metrics.no_reference import rgb_8_bit
from benchmarks.running.alignment import align
from benchmarks.running.shards import FinishedShard, Shard, Task
from deblur.errors import UnsupportedImageError
from deblur.image_io import DecodedImage, write_image
from deblur.records.protocol import EvalProtocol
from deblur.records.run_result import ImageScore, folder_of

Pixels = NDArray[np.uint8] | NDArray[np.float64]


@dataclass
class ShardWorker:
    """Carries out shards of some tasks; a model is loaded once and kept for its next shard."""

    tasks: Sequence[Task]
    _open: dict[MethodChoice, Method] = field(default_factory=dict)

    def __call__(self, shard: Shard) -> FinishedShard:
        """Raises what loading the model, reading the pictures or a metric raises."""
        task = self.tasks[shard.task]
        method = self._method(task.method)
        machine = this_machine(method.engine.device)
        if shard.cost:
            cost = measure_cost(task.method, task.dataset, task.protocol)
            return FinishedShard(
                model=method.model, engine=method.engine, machine=machine, cost=cost
            )
        items = task.dataset.items[shard.first : shard.end]
        images = score_items(method, task, items)
        return FinishedShard(
            model=method.model, engine=method.engine, machine=machine, images=images
        )

    def _method(self, choice: MethodChoice) -> Method:
        if choice not in self._open:
            self._open.clear()
            self._open[choice] = choice.open()
        return self._open[choice]


def score_items(method: Method, task: Task, items: Sequence[Item]) -> tuple[ImageScore, ...]:
    """Restore and score pictures: the model runs one at a time, all else beside it.

    Raises DatasetError for a picture that is damaged, BackendError when the model fails on one.
    """
    metrics = [find_metric(name) for name in task.metrics]
    restoring = threading.Lock()

    def score(item: Item) -> ImageScore:
        loaded = task.dataset.load(item)
        with restoring:
            started = time.perf_counter()
            restored = method.restore(loaded)
            seconds = time.perf_counter() - started
        if task.save is not None:
            _save(restored, task.save / folder_of(method.model.name) / f"{item.id}.png")
        scores, notes = _judge(metrics, rgb_8_bit(restored), loaded, task.protocol)
        return ImageScore(
            id=item.id,
            width=loaded.blurred.width,
            height=loaded.blurred.height,
            blurred=loaded.digests.blurred,
            sharp=loaded.digests.sharp,
            categories=item.categories,
            scores=scores,
            seconds=seconds,
            notes=notes,
        )

    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        return tuple(pool.map(score, items))


def _judge(
    metrics: Sequence[Metric],
    restored: NDArray[np.uint8],
    loaded: LoadedItem,
    protocol: EvalProtocol,
) -> tuple[dict[str, float], tuple[str, ...]]:
    scores: dict[str, float] = {}
    notes: list[str] = []
    side_by_side = cache(lambda: _side_by_side(restored, loaded, protocol))
    for metric in metrics:
        try:
            if metric.against == "nothing":
                scores[metric.name] = metric.of(restored)
            elif metric.against == "blurred":
                scores[metric.name] = metric.of(restored, rgb_8_bit(loaded.blurred))
            else:
                scores[metric.name] = metric.of(*side_by_side())
        except (UnsupportedImageError, ValueError) as error:
            scores[metric.name] = float("nan")
            notes.append(f"{metric.name}: {error}")
    return scores, tuple(notes)


def _side_by_side(
    restored: NDArray[np.uint8], loaded: LoadedItem, protocol: EvalProtocol
) -> tuple[Pixels, Pixels]:
    """The restored and the sharp picture as the protocol lays them."""
    assert loaded.sharp is not None, "a task without sharp pictures has no metric that wants them"
    sharp = rgb_8_bit(loaded.sharp)
    if protocol.crop:
        inner = slice(protocol.crop, -protocol.crop)
        restored, sharp = restored[inner, inner], sharp[inner, inner]
    if protocol.alignment is not None:
        return align(restored, sharp, protocol.alignment)
    return restored, sharp


def _save(restored: DecodedImage, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(restored, path, overwrite=True)

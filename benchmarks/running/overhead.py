"""What the harness adds to the model and the metrics, and what pyiqa's own command takes."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets import Dataset
from benchmarks.datasets.items import LoadedItem
from benchmarks.methods import MethodChoice
from benchmarks.metrics import find_metric
from benchmarks.metrics.no_reference import PARAMETERS, rgb_8_bit
from benchmarks.running.runner import run
from benchmarks.running.shards import Task
from deblur.image_io import DecodedImage, write_image

SHARED_WITH_PYIQA = ("psnr", "ssim", "niqe", "brisque")
"""Metrics that pyiqa's command knows under the same names; its SSIM is on Y."""


@dataclass(frozen=True)
class Overhead:
    """Seconds for the same pictures: the parts one after another, the harness, pyiqa's command.

    `model` restores them, `metrics` score them, both in this process with nothing beside them;
    `harness` is a whole run, its decoding, digests and record included. `pyiqa` scores the
    restored pictures from files, its start-ups included, and restores nothing.
    """

    pictures: int
    model: float
    metrics: float
    harness: float
    pyiqa: float

    @property
    def added(self) -> float:
        """What the harness takes beyond model and metrics, as a share of them; below 0 it saves."""
        return self.harness / (self.model + self.metrics) - 1


def measure_overhead(
    choice: MethodChoice, dataset: Dataset, tell: Callable[[str], None] = lambda text: None
) -> Overhead:
    """Take the times of all four. The dataset needs sharp pictures."""
    method = choice.open()
    items = [dataset.load(item) for item in dataset.items]
    _judge_all(items[:1], [method.restore(items[0])])
    tell("the model alone")
    started = time.perf_counter()
    restored = [method.restore(item) for item in items]
    model = time.perf_counter() - started
    tell("the metrics alone")
    started = time.perf_counter()
    _judge_all(items, restored)
    metrics = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tell("the harness")
        task = Task(choice, dataset, dataset.protocol, SHARED_WITH_PYIQA)
        started = time.perf_counter()
        list(run([task], folder / "results", cost=False))
        harness = time.perf_counter() - started
        tell("pyiqa's command")
        pyiqa = _pyiqa_seconds(items, restored, folder)
    return Overhead(len(items), model, metrics, harness, pyiqa)


def _judge_all(items: list[LoadedItem], restored: list[DecodedImage]) -> None:
    for item, picture in zip(items, restored, strict=True):
        assert item.sharp is not None, "the metrics want sharp pictures"
        pixels, sharp = rgb_8_bit(picture), rgb_8_bit(item.sharp)
        for name in SHARED_WITH_PYIQA:
            metric = find_metric(name)
            metric.score(pixels, sharp) if metric.against == "sharp" else metric.score(pixels)


def _pyiqa_seconds(items: list[LoadedItem], restored: list[DecodedImage], folder: Path) -> float:
    for part in ("restored", "sharp"):
        (folder / part).mkdir()
    for item, picture in zip(items, restored, strict=True):
        assert item.sharp is not None, "the metrics want sharp pictures"
        name = f"{item.id.replace('/', '-')}.png"
        write_image(picture, folder / "restored" / name)
        write_image(item.sharp, folder / "sharp" / name)
    home = folder / "torch"
    shutil.copytree(PARAMETERS, home / "hub" / "pyiqa")
    seconds = 0.0
    for name in SHARED_WITH_PYIQA:
        command = [str(Path(sys.executable).with_name("pyiqa")), name, "--device", "cpu"]
        command += ["--target", str(folder / "restored")]
        if find_metric(name).against == "sharp":
            command += ["--ref", str(folder / "sharp")]
        started = time.perf_counter()
        environment = os.environ | {"TORCH_HOME": str(home), "HF_HUB_OFFLINE": "1"}
        subprocess.run(command, check=True, capture_output=True, env=environment)
        seconds += time.perf_counter() - started
    return seconds

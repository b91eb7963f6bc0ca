"""What ONNX Runtime's settings are worth on this processor: one is changed, the rest stay.

All settings take turns, so that what else the machine does falls on each alike.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime

from benchmarks.costs.machine import machine_name
from deblur.errors import TileError
from deblur.onnx_file import allowed_cores
from deblur.spec import ModelSpec
from deblur.tiling import plan_tiles
from deblur.weights import fetch_weights, find_model

PHOTO = (3000, 4000)
"""Height and width that a tile's side is judged by: what overlaps is computed twice."""
SIDES = (192, 256, 384, 512, 768, 1024)
BATCHES = (1, 2, 4)
BATCH_SIDE = 256
"""Of tiles that are computed in batches, where so small ones suit the model."""


@dataclass(frozen=True)
class Setting:
    """A session and what it is fed; the default is what `deblur restore` does."""

    group: str
    name: str
    threads: int
    side: int
    batch: int = 1
    level: str = "ORT_ENABLE_ALL"
    entries: Mapping[str, str] = field(default_factory=dict)
    saved: bool = False


@dataclass(frozen=True)
class Measured:
    """A setting, seconds until its session is there, and per megapixel of a large photo."""

    group: str
    name: str
    start: float
    best: float
    median: float


@dataclass(frozen=True)
class TuningRun:
    """Everything that one run measured; `cores` is how many this process may use."""

    machine: str
    cores: int
    model: str
    precision: str
    measured: tuple[Measured, ...]


def measure_tuning(model: str, rounds: int, tell: Callable[[str], None]) -> TuningRun:
    """Measure every setting once a round. Raises the ModelError that says what is missing."""
    spec = find_model(model)
    weights = fetch_weights(spec, ".onnx")
    cores = allowed_cores() or os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        trials = [_Trial(each, spec, weights, Path(folder)) for each in _settings(spec, cores)]
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}")
            for trial in trials:
                trial.run()
    measured = tuple(trial.measured() for trial in trials)
    return TuningRun(machine_name(), cores, spec.name, spec.precisions[0], measured)


def _settings(spec: ModelSpec, cores: int) -> Iterator[Setting]:
    side = spec.tiling.tile
    yield Setting("default", f"{cores} threads, tiles of {side}", cores, side)
    for threads in range(1, cores):
        yield Setting("threads", str(threads), threads, side)
    yield Setting(
        "threads", "resting", cores, side, entries={"session.intra_op.allow_spinning": "0"}
    )
    if cores > 1 and hasattr(os, "sched_getaffinity"):
        own = sorted(os.sched_getaffinity(0))[1:cores]
        pinned = ";".join(str(core + 1) for core in own)
        entries = {"session.intra_op_thread_affinities": pinned}
        yield Setting("threads", "pinned", cores, side, entries=entries)
    for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED"):
        yield Setting("graph", level.removeprefix("ORT_").lower(), cores, side, level=level)
    yield Setting("graph", "optimised before", cores, side, saved=True)
    sides = [other for other in SIDES if _fits(spec, other)]
    for other in sides:
        yield Setting("tile", str(other), cores, other)
    batched = min([other for other in sides if other >= BATCH_SIDE], default=side)
    for batch in BATCHES:
        yield Setting("batch", f"{batch} of {batched}", cores, batched, batch)


def _fits(spec: ModelSpec, side: int) -> bool:
    """Whether tiles of that side hold more than context."""
    try:
        _computed(spec, side)
    except TileError:
        return False
    return True


class _Trial:
    """A setting with its session, which has run once to warm up."""

    def __init__(self, setting: Setting, spec: ModelSpec, weights: Path, folder: Path) -> None:
        self.setting = setting
        options = _options(setting)
        path = _optimised(weights, folder) if setting.saved else weights
        started = time.perf_counter()
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.start = time.perf_counter() - started
        side = setting.side // spec.size_multiple * spec.size_multiple
        shape = (setting.batch, 3, side, side)
        self.batch = np.random.default_rng(0).random(shape, dtype=np.float32)
        share = _computed(spec, setting.side) / self.batch[:, 0].size
        self.scale = share / (PHOTO[0] * PHOTO[1] / 1e6)
        self.seconds: list[float] = []
        self.run()
        self.seconds.clear()

    def run(self) -> None:
        name = self.session.get_inputs()[0].name
        started = time.perf_counter()
        self.session.run(None, {name: self.batch})
        self.seconds.append(time.perf_counter() - started)

    def measured(self) -> Measured:
        best, median = min(self.seconds), statistics.median(self.seconds)
        name, group = self.setting.name, self.setting.group
        return Measured(group, name, self.start, best * self.scale, median * self.scale)


def _options(setting: Setting) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = setting.threads
    level = "ORT_DISABLE_ALL" if setting.saved else setting.level
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    for name, value in setting.entries.items():
        options.add_session_config_entry(name, value)
    return options


def _computed(spec: ModelSpec, side: int) -> float:
    """Pixels that go through the network for PHOTO, in tiles of at most that side."""
    policy = type(spec.tiling)(side, spec.tiling.halo, spec.tiling.ramp)
    plan = plan_tiles(*PHOTO, policy, spec.size_multiple)
    return float(len(plan) * plan.rows.side * plan.columns.side)


def _optimised(weights: Path, folder: Path) -> Path:
    path = folder / "optimised.onnx"
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 4
    onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    return path

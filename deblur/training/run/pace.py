"""How many steps fit into a time, so that a run's schedule ends when the time does."""

import math
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from deblur.errors import ConfigError, TrainingError
from deblur.training.config import CropStage, TrainingConfig
from deblur.training.learning.schedule import shortened
from deblur.training.run.loop import train
from deblur.training.run.reports import Report
from deblur.training.run.run_folder import claimed, refuse_folder_of_a_run

MAX_TRIAL_SECONDS = 20.0
"""Seconds of steps that tell the pace of each stage of crops, or a tenth of a shorter time."""
SAVING_SHARE = 0.05
"""The share of the time that saving, and validating on the way, may take."""
_UNLIMITED_STEPS = 10**9


def fit_steps(
    config: TrainingConfig, seconds: float, device: str, should_stop: Callable[[], bool]
) -> tuple[TrainingConfig, float]:
    """The same run with as many steps as end within `seconds`, and the seconds it has left.

    Every stage of crops is tried with real steps, beside whatever else the machine does, a critic
    as if it played from the first. Raises ConfigError when not even one step fits, and under
    several processes, which would not agree; TrainingError when it is to stop; and what `train`
    raises.
    """
    refuse_several_processes()
    if not 0 < seconds < math.inf:
        raise ConfigError(f"a time to fit steps into is a number of seconds above 0, not {seconds}")
    started = time.monotonic()
    longest = min(MAX_TRIAL_SECONDS, seconds / 10)
    trials = [_try(config, stage, device, longest, should_stop) for stage in config.crops]
    starts = [stage.start for stage in config.crops] + [1.0]
    mean = sum(
        (end - start) * trial.step
        for (start, end), trial in zip(pairwise(starts), trials, strict=True)
    )
    # Twice, for the last validation takes as long as drawing its pictures before the first step.
    preparing = max(trial.preparing for trial in trials)
    left = seconds - (time.monotonic() - started)
    learning = left - 2 * preparing
    steps = int(learning * (1 - SAVING_SHARE) / mean)
    if steps < 1:
        raise ConfigError(
            f"not one step of {mean:.2g} s fits into the {max(0.0, learning):.0f} s that are left "
            "after trying: give the run more time, or smaller batches"
        )
    schedule = replace(config.schedule, warmup=shortened(config.schedule.warmup, steps))
    return replace(config, steps=steps, schedule=schedule), left


def fit_run(
    config: TrainingConfig,
    directory: Path,
    seconds: float,
    device: str,
    should_stop: Callable[[], bool],
) -> tuple[TrainingConfig, float]:
    """`fit_steps` for a run in a new folder, which other runs are kept out of meanwhile.

    Raises CheckpointError when the folder is another run's, or cannot be one, too.
    """
    refuse_several_processes()
    refuse_folder_of_a_run(directory)
    with claimed(directory):
        return fit_steps(config, seconds, device, should_stop)


def refuse_several_processes() -> None:
    """Raises ConfigError where a run is one of several processes: each would find other figures."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ConfigError("--within is for runs in one process only: give the steps instead")


def _trial_of(config: TrainingConfig, stage: CropStage) -> TrainingConfig:
    """The same run without end on one stage's crops, its critic playing from the first step."""
    return replace(
        config,
        crops=(replace(stage, start=0.0),),
        steps=_UNLIMITED_STEPS,
        validate_every=_UNLIMITED_STEPS,
        checkpoint_every=_UNLIMITED_STEPS,
        adversarial=config.adversarial and replace(config.adversarial, after=0),
    )


class _Trial(NamedTuple):
    """Seconds until the first step, and those of a step once photos lie decoded in memory."""

    preparing: float
    step: float


def _try(
    config: TrainingConfig,
    stage: CropStage,
    device: str,
    longest: float,
    should_stop: Callable[[], bool],
) -> _Trial:
    """Some steps of one stage: the later half tells the pace."""
    opened = time.monotonic()
    preparing = 0.0
    ends: list[float] = []

    def note(report: Report) -> None:
        nonlocal preparing
        preparing = preparing or time.monotonic() - opened - report.seconds
        if report.step:
            ends.append(report.seconds)

    with tempfile.TemporaryDirectory() as folder:
        train(
            _trial_of(config, stage),
            Path(folder) / "trial",
            device=device,
            should_stop=lambda: should_stop() or (len(ends) > 2 and ends[-1] > longest),
            on_report=note,
        )
    if should_stop():
        raise TrainingError(
            "stopped while trying how many steps fit into the time: nothing was learned or written "
            "yet, so start again as before"
        )
    middle = len(ends) // 2
    return _Trial(preparing, (ends[-1] - ends[middle]) / (len(ends) - 1 - middle))

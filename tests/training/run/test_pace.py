"""How many steps are made of a time."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from deblur.errors import ConfigError, TrainingError
from deblur.training.config import (
    Adversarial,
    CropStage,
    Schedule,
    SourceConfig,
    TrainingConfig,
)
from deblur.training.run import pace
from tests.training.runs import tiny_run

Clock = list[float]
SECONDS_A_STEP = {24: 2.0, 32: 6.0}
PREPARATION = 5.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, which only training moves, the first steps of a run three times as far."""
    now = [100.0]

    def train(
        config: TrainingConfig,
        folder: Path,
        *,
        device: str,
        should_stop: Callable[[], bool],
        on_report: Callable[[SimpleNamespace], None],
    ) -> None:
        now[0] += PREPARATION
        started = now[0]
        on_report(SimpleNamespace(step=0, seconds=0.0))
        for step in itertools.count(1):
            if should_stop():
                return
            now[0] += SECONDS_A_STEP[config.stage_at(step).side] * (3 if step < 3 else 1)
            on_report(SimpleNamespace(step=step, seconds=now[0] - started))

    monkeypatch.setattr(pace, "train", train)
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def never() -> bool:
    return False


def staged(photos: SourceConfig) -> TrainingConfig:
    return replace(tiny_run(photos), crops=(CropStage(0.0, 24, 2), CropStage(0.75, 32, 2)))


def test_a_run_gets_the_steps_that_its_time_has(photos: SourceConfig, clock: Clock) -> None:
    run, started = staged(photos), clock[0]
    fitted, left = pace.fit_steps(run, 1000.0, "cpu", never)
    assert left == 1000 - (clock[0] - started)
    assert left < 1000 - 2 * pace.MAX_TRIAL_SECONDS - 2 * PREPARATION, "both stages were tried"
    steps = int((left - 2 * PREPARATION) * 0.95 / 3.0)
    assert fitted == replace(run, steps=steps), "3/4 of 2 s and 1/4 of 6 s"


def test_a_time_that_holds_no_step_is_refused(photos: SourceConfig, clock: Clock) -> None:
    with pytest.raises(ConfigError, match=r"not one step of 3 s fits into the 0 s"):
        pace.fit_steps(staged(photos), 50.0, "cpu", never)


def test_the_warm_up_fits_into_the_time_too(photos: SourceConfig, clock: Clock) -> None:
    run = replace(staged(photos), schedule=Schedule(warmup=100))
    fitted, _ = pace.fit_steps(run, 1000.0, "cpu", never)
    assert fitted.schedule.warmup == fitted.steps // 10 < 100


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
def test_a_time_must_be_one(photos: SourceConfig, seconds: float) -> None:
    with pytest.raises(ConfigError, match="a number of seconds above 0"):
        pace.fit_steps(tiny_run(photos), seconds, "cpu", never)


def test_a_critic_costs_time_in_trials_even_where_it_plays_late(
    photos: SourceConfig, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    play = pace.train
    monkeypatch.setattr(pace, "train", lambda run, *a, **k: (tried.append(run), play(run, *a, **k)))
    run = replace(staged(photos), adversarial=Adversarial(after=500))
    fitted, _ = pace.fit_steps(run, 1000.0, "cpu", never)
    assert [each.adversarial and each.adversarial.after for each in tried] == [0, 0]
    assert fitted.adversarial == run.adversarial


def test_processes_would_not_agree(photos: SourceConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="one process only"):
        pace.fit_steps(tiny_run(photos), 100.0, "cpu", never)


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_who_stops_the_trials_is_told_that_nothing_is_there(
    photos: SourceConfig, clock: Clock, steps: int
) -> None:
    reached = clock[0] + PREPARATION + steps * SECONDS_A_STEP[24]
    with pytest.raises(TrainingError, match="nothing was learned or written yet"):
        pace.fit_steps(staged(photos), 1000.0, "cpu", lambda: clock[0] >= reached)

"""The learning rate over a run, and the curve that it answers to."""

import pytest

from deblur.catalog import CATALOG
from deblur.training.config import Optimizer, Schedule, SourceConfig
from deblur.training.learning.schedule import LearningCurve, learning_rate
from deblur.training.presets import build_config
from tests.training.runs import tiny_run


def test_the_cosine_rises_then_falls_to_nothing(photos: SourceConfig) -> None:
    run = tiny_run(
        photos, steps=100, schedule=Schedule(warmup=10), optimizer=Optimizer("adamw", 1.0)
    )
    rates = [learning_rate(run, step) for step in range(101)]
    assert rates[:10] == sorted(rates[:10])
    assert max(rates) == rates[9] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0)


def test_a_run_that_is_too_short_to_warm_up_reaches_its_rate_all_the_same() -> None:
    """Unless it is told how long to warm up."""
    changes = {"sources": [{"kind": "photos", "path": "photos"}], "steps": 30}
    changes["optimizer"] = {"learning_rate": 1.0}
    told = build_config("fast", CATALOG["srcnn"], None, changes | {"schedule": {"warmup": 20}})
    assert told.schedule.warmup == 20
    run = build_config("fast", CATALOG["srcnn"], None, changes)
    assert run.schedule.warmup == 3
    rates = [learning_rate(run, step) for step in range(30)]
    assert max(rates) == rates[2] == 1.0
    assert rates[29] < 0.01


def test_a_plateau_halves_the_rate_after_patience_is_over(photos: SourceConfig) -> None:
    run = tiny_run(photos, schedule=Schedule("plateau", 0, factor=0.5, patience=2))
    curve, reductions = LearningCurve(), []
    assert not LearningCurve().add_gain(1.0, run, fit=False), "however good it is"
    for gain in (1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0):
        curve.add_gain(gain, run)
        reductions.append(curve.reductions)
    assert reductions == [0, 0, 0, 0, 1, 1, 1, 1, 2]
    assert learning_rate(run, 5, 2) == learning_rate(run, 5) / 4


def test_the_mean_loss_is_of_the_steps_since_it_was_last_taken() -> None:
    curve = LearningCurve()
    for loss in (1.0, 2.0, 6.0):
        curve.add_loss(loss)
    assert curve.take_mean_loss() == 3.0
    curve.add_loss(5.0)
    assert curve.take_mean_loss() == 5.0

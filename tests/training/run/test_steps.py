"""What one step of a run does, and what it leaves alone."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from deblur.errors import DeviceMemoryError
from deblur.networks import build_network
from deblur.training.config import (
    Adversarial,
    CropStage,
    Optimizer,
    Schedule,
    SourceConfig,
    TrainingConfig,
)
from deblur.training.data.batches import Batch
from deblur.training.learning.adversarial import Game
from deblur.training.learning.learner import Learner
from deblur.training.run.checkpoint import Checkpoint, load_checkpoint
from deblur.training.run.loop import train
from deblur.training.run.reports import Report
from deblur.training.run.validator import total_gain
from tests.training.runs import tiny_run

CLASSIC = Adversarial()
WASSERSTEIN = Adversarial("wgan-gp", "none", sigmoid=False)
FOR_A_CRITIC = (CropStage(0, 48, 2),)
PLAIN_RESTORE = Learner._restore


def after(run: TrainingConfig, folder: Path, seen: list[Report] | None = None) -> Checkpoint:
    told = (seen if seen is not None else []).append
    return load_checkpoint(train(run, folder, device="cpu", on_report=told).path)


def moved(saved: Checkpoint, seed: int = 0) -> float:
    """How far a run's weights are from those that its network is made with."""
    torch.manual_seed(seed)
    before = build_network("srcnn", {}).state_dict()
    ways = [(saved.network[name] - value).flatten() for name, value in before.items()]
    return float(torch.cat(ways).norm())


def test_gradients_are_clipped(photos: SourceConfig, tmp_path: Path) -> None:
    run = tiny_run(photos, steps=1, schedule=Schedule(warmup=0))
    long, short = (
        moved(after(replace(run, optimizer=Optimizer("sgd", 0.1, clip=clip)), tmp_path / str(clip)))
        for clip in (math.inf, 1e-4)
    )
    assert long > 1e-3
    assert 1e-6 < short < 2e-5, "0.1 times 1e-4, and as much again by momentum"


def test_the_average_is_young_at_first(photos: SourceConfig, tmp_path: Path) -> None:
    """Else it would hold what the network began with for its first thousands of steps."""
    saved = after(tiny_run(photos, steps=1, ema=0.9999), tmp_path / "run")
    for name, value in saved.network.items():
        torch.testing.assert_close(saved.ema[name], value)


def test_the_critics_verdict_counts_as_much_as_its_weight(
    photos: SourceConfig, tmp_path: Path
) -> None:
    seen: list[Report] = []
    settings = replace(CLASSIC, weight=0.3)
    run = tiny_run(photos, steps=1, adversarial=settings, crops=FOR_A_CRITIC, validate_every=1)
    saved = after(run, tmp_path / "run", seen)
    parts = seen[-1].losses
    assert saved.history[-1]["loss"] == pytest.approx(parts["l1"] + 0.3 * parts["adversarial"])


def test_the_critic_sees_the_networks_own_range(
    photos: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []
    plain = Game.critic_step

    def watched(game: Game, real: Tensor, fake: Tensor, step: int) -> dict[str, Tensor]:
        seen.append(real)
        return plain(game, real, fake, step)

    monkeypatch.setattr(Game, "critic_step", watched)
    for low in (0.0, -1.0):
        run = tiny_run(
            photos, steps=1, adversarial=CLASSIC, crops=FOR_A_CRITIC, value_range=(low, 1.0)
        )
        train(run, tmp_path / str(low), device="cpu")
    torch.testing.assert_close(seen[1], seen[0] * 2 - 1)


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network's third answer in training is not a number."""
    calls = iter(range(1000))

    def restore(learner: Learner, network: torch.nn.Module, blurred: Tensor) -> Tensor:
        answer: Tensor = PLAIN_RESTORE(learner, network, blurred)
        return answer * math.nan if network.training and next(calls) == 2 else answer

    monkeypatch.setattr(Learner, "_restore", restore)


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("settings", [CLASSIC, WASSERSTEIN], ids=["bce", "wgan-gp"])
def test_an_answer_that_is_not_finite_does_not_reach_the_critic(
    photos: SourceConfig, tmp_path: Path, settings: Adversarial
) -> None:
    seen: list[Report] = []
    saved = after(
        tiny_run(photos, adversarial=settings, crops=FOR_A_CRITIC), tmp_path / "run", seen
    )
    assert [each.skipped for each in seen] == [0, 0, 1, 1, 1, 1]
    assert all(math.isfinite(seen[-1].losses[name]) for name in ("critic", "adversarial"))
    for weights in (saved.network, saved.ema, saved.game["critic"]):
        assert all(value.isfinite().all() for value in weights.values())


def test_a_critic_without_a_finite_gradient_learns_nothing_and_the_step_is_counted(
    photos: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "deblur.training.learning.adversarial.gradient_penalty",
        lambda critic, x: critic(x).sum() * math.inf,
    )
    seen: list[Report] = []
    run = tiny_run(photos, steps=2, adversarial=WASSERSTEIN, crops=FOR_A_CRITIC)
    saved = after(run, tmp_path / "run", seen)
    assert seen[-1].skipped == 2
    assert all(value.isfinite().all() for value in saved.game["critic"].values())
    assert moved(saved) == 0


def test_steps_that_are_not_taken_are_not_in_the_mean_loss(
    photos: SourceConfig, tmp_path: Path, poisoned: None
) -> None:
    saved = after(tiny_run(photos), tmp_path / "run")
    assert saved.skipped == 1
    assert math.isfinite(saved.history[-1]["loss"])


def test_a_gain_is_of_what_can_be_shown_and_rounding_bounds_it() -> None:
    batch = Batch(torch.full((2, 3, 8, 8), 0.5), torch.ones(2, 3, 8, 8))
    total, count = total_gain(lambda blurred: blurred * 4, [batch]).tolist()
    assert count == 2
    assert total / count == pytest.approx(10 * math.log10(0.25 / 1e-5))


def out_of_memory(above: int) -> Callable[[Learner, torch.nn.Module, Tensor], Tensor]:
    def restore(learner: Learner, network: torch.nn.Module, blurred: Tensor) -> Tensor:
        if len(blurred) > above and network.training:
            raise torch.OutOfMemoryError("CUDA out of memory")
        answer: Tensor = PLAIN_RESTORE(learner, network, blurred)
        return answer

    return restore


def test_steps_that_do_not_fit_into_the_gpu_are_a_clear_error(
    photos: SourceConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Learner, "_restore", out_of_memory(1))
    with pytest.raises(DeviceMemoryError, match=r"2 crops of 24 px do not fit .* --crop$"):
        train(tiny_run(photos), tmp_path / "run", device="cpu")
    assert not (tmp_path / "run" / "checkpoint.pt").exists()
    monkeypatch.setattr(Learner, "_restore", out_of_memory(4))
    grows = tiny_run(photos, crops=(CropStage(0.0, 24, 2), CropStage(0.5, 32, 8)))
    with pytest.raises(DeviceMemoryError, match=r"--init-from .*late begins with what was learned"):
        train(replace(grows, checkpoint_every=100), tmp_path / "late", device="cpu")
    assert load_checkpoint(tmp_path / "late" / "checkpoint.pt").step == 3

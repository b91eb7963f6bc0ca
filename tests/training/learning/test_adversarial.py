"""The critic, and the game that is played with it."""

from copy import deepcopy
from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from deblur.errors import ConfigError
from deblur.networks.critic import Critic
from deblur.training.config import Adversarial, SourceConfig, TrainingConfig
from deblur.training.learning.adversarial import (
    Game,
    build_critic,
    critic_optimizer,
    gradient_penalty,
)

CLASSIC = Adversarial(learning_rate=1e-3)
WASSERSTEIN = Adversarial("wgan-gp", "none", False, critic_steps=2, learning_rate=1e-3)

each_game = pytest.mark.parametrize("settings", [CLASSIC, WASSERSTEIN], ids=["bce", "wgan-gp"])


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


class Mean(nn.Module):
    """A critic of three numbers: the score is linear in the mean of each channel."""

    def __init__(self, sigmoid: bool) -> None:
        super().__init__()
        self.score = nn.Conv2d(3, 1, 1)
        self.sigmoid = sigmoid

    def forward(self, picture: Tensor) -> Tensor:
        score = self.score(picture.mean((2, 3), keepdim=True))
        return torch.sigmoid(score) if self.sigmoid else score


def game(settings: Adversarial, critic: nn.Module | None = None) -> Game:
    critic = critic or build_critic(settings)
    return Game(settings, critic, critic_optimizer(settings, critic))


def small_game(settings: Adversarial) -> Game:
    quick = replace(settings, learning_rate=0.05)
    return game(quick, Mean(settings.sigmoid))


def bright(count: int = 4, side: int = 8) -> Tensor:
    return 0.7 + 0.2 * torch.rand(count, 3, side, side)


def dark(count: int = 4, side: int = 8) -> Tensor:
    return 0.3 * torch.rand(count, 3, side, side)


def test_the_critic_has_the_layers_of_the_paper() -> None:
    layers = Critic().layers
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    shapes = [tuple(layer.weight.shape) for layer in convolutions]
    assert shapes == [
        (64, 3, 4, 4),
        (128, 64, 4, 4),
        (256, 128, 4, 4),
        (512, 256, 4, 4),
        (1, 512, 4, 4),
    ]
    assert [layer.stride[0] for layer in convolutions] == [2, 2, 2, 1, 1]
    kinds = "".join(type(layer).__name__[0] for layer in layers)
    assert kinds == "CL" + "CBL" * 3 + "C"
    assert all(layer.negative_slope == 0.2 for layer in layers if isinstance(layer, nn.LeakyReLU))


@pytest.mark.parametrize(("side", "patches"), [(24, 1), (64, 6), (256, 30)])
def test_it_gives_a_verdict_for_each_patch(side: int, patches: int) -> None:
    with torch.inference_mode():
        assert Critic().eval()(torch.rand(1, 3, side, side)).shape == (1, 1, patches, patches)


def test_a_sigmoid_gives_probabilities_and_its_absence_scores() -> None:
    pictures = torch.rand(2, 3, 32, 32)
    probability = Critic()(pictures)
    assert 0 < probability.min() <= probability.max() < 1
    unbounded = Critic("none", sigmoid=False)
    nn.init.constant_(unbounded.layers[-1].bias, -50.0)
    assert unbounded(pictures).max() < -10


@pytest.mark.parametrize("normalisation", ["batch", "spectral", "none"])
def test_normalisation_is_where_it_should_be(
    normalisation: Literal["batch", "spectral", "none"],
) -> None:
    critic = Critic(normalisation)
    kinds = [type(module).__name__ for module in critic.modules()]
    assert kinds.count("BatchNorm2d") == (3 if normalisation == "batch" else 0)
    assert kinds.count("_SpectralNorm") == (5 if normalisation == "spectral" else 0)


@each_game
def test_the_published_critic_plays(settings: Adversarial) -> None:
    play = game(settings)
    before = [parameter.clone() for parameter in play.critic.parameters()]
    figures = play.critic_step(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32), step=0)
    assert all(torch.isfinite(figure) for figure in figures.values())
    assert ("penalty" in figures) == (settings is WASSERSTEIN)
    moved = zip(before, play.critic.parameters(), strict=True)
    assert any(not torch.equal(old, new) for old, new in moved)


@each_game
def test_it_plays_under_autocast(settings: Adversarial) -> None:
    play = game(replace(settings, critic_steps=1))
    fake = torch.rand(2, 3, 32, 32, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        figures = play.critic_step(torch.rand(2, 3, 32, 32), fake, step=0)
        play.generator_loss(fake).float().backward()
    assert torch.isfinite(figures["critic"])
    assert fake.grad is not None


@each_game
def test_a_critic_learns_to_tell_two_kinds_apart(settings: Adversarial) -> None:
    play = small_game(settings)
    first = play.critic_step(bright(), dark(), step=0)
    for step in range(1, 60):
        last = play.critic_step(bright(), dark(), step)
    assert last["critic"] < first["critic"]
    assert last["critic_real"] > last["critic_fake"] + 0.1


@each_game
def test_the_generator_pays_less_for_what_resembles_the_real(settings: Adversarial) -> None:
    play = small_game(settings)
    for step in range(60):
        play.critic_step(bright(), dark(), step)
    real, fake = bright(), dark()
    losses = [play.generator_loss(fake.lerp(real, share)).item() for share in (0.0, 0.5, 1.0)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[2] + 0.1


def test_momenta_are_those_of_the_papers() -> None:
    bce, wasserstein = (
        critic_optimizer(settings, Mean(settings.sigmoid)).defaults["betas"]
        for settings in (CLASSIC, WASSERSTEIN)
    )
    assert bce == (0.5, 0.999)
    assert wasserstein == (0.0, 0.9)


def test_the_slope_is_looked_at_somewhere_between_sharp_and_restored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Tensor] = []

    def watched(critic: nn.Module, pictures: Tensor) -> Tensor:
        seen.append(pictures)
        return gradient_penalty(critic, pictures)

    monkeypatch.setattr("deblur.training.learning.adversarial.gradient_penalty", watched)
    play = small_game(replace(WASSERSTEIN, critic_steps=1))
    for step in (0, 1):
        play.critic_step(torch.ones(4, 3, 8, 8), torch.zeros(4, 3, 8, 8), step)
    shares = torch.stack(seen).flatten(2)
    torch.testing.assert_close(shares.amin(2), shares.amax(2))
    assert 0 < shares.min() < shares.max() < 1
    assert len(set(shares[..., 0].flatten().tolist())) == 8, "another for each, at every step"


def test_the_penalty_pulls_the_slope_to_one() -> None:
    critic = nn.Conv2d(3, 1, 1, bias=False)
    nn.init.constant_(critic.weight, 5.0)
    optimizer = torch.optim.Adam(critic.parameters(), 0.05)
    pictures = torch.rand(4, 3, 1, 1)
    assert gradient_penalty(critic, pictures).item() == pytest.approx((75**0.5 - 1) ** 2)
    for _ in range(300):
        optimizer.zero_grad()
        gradient_penalty(critic, pictures).backward()
        optimizer.step()
    assert critic.weight.norm().item() == pytest.approx(1.0, abs=0.02)


@each_game
def test_the_generators_turn_leaves_the_critic_alone(settings: Adversarial) -> None:
    play = small_game(settings)
    fake = dark().requires_grad_(True)
    play.generator_loss(fake).backward()
    assert fake.grad is not None
    assert fake.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in play.critic.parameters())
    assert all(parameter.requires_grad for parameter in play.critic.parameters())


def test_the_critics_turn_leaves_the_generator_alone() -> None:
    fake = dark().requires_grad_(True)
    small_game(WASSERSTEIN).critic_step(bright(), fake, step=0)
    assert fake.grad is None


def test_the_critic_takes_the_steps_that_are_asked_for_through_the_given_backward() -> None:
    settings = replace(WASSERSTEIN, critic_steps=3)
    critic, losses = Mean(False), []

    def backward(loss: Tensor) -> None:
        losses.append(loss.item())
        loss.backward()

    Game(settings, critic, critic_optimizer(settings, critic), backward).critic_step(
        bright(), dark(), step=0
    )
    assert len(losses) == 3


@each_game
def test_a_resumed_game_goes_on_bit_by_bit(settings: Adversarial) -> None:
    real, fake = bright(), dark()
    straight, resumed = small_game(settings), small_game(settings)
    straight.critic_step(real, fake, step=0)
    resumed.load_state_dict(deepcopy(straight.state_dict()))
    figures = [play.critic_step(real, fake, step=1) for play in (straight, resumed)]
    assert figures[0] == figures[1]
    pairs = zip(straight.critic.parameters(), resumed.critic.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (("wgan-gp", "none", True), "sigmoid"),
        (("wgan-gp", "batch", False), "normalisation"),
        (("bce", "batch", False), "sigmoid"),
    ],
)
def test_pairings_that_cannot_work_are_refused(settings: tuple[Any, ...], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        Adversarial(*settings)


@pytest.mark.parametrize("settings", [CLASSIC, WASSERSTEIN])
def test_pairings_that_work_are_taken(settings: Adversarial) -> None:
    config = TrainingConfig(
        "m", "gan", {}, (SourceConfig("photos", "photos"),), adversarial=settings
    )
    assert config.adversarial == settings

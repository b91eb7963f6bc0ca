"""The adversarial game: a critic that learns to tell restored pictures from sharp ones."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import get_total_norm
from torch.optim import Adam, Optimizer

from deblur.networks.critic import Critic
from deblur.training.config import Adversarial

Backward = Callable[[Tensor], None]


def build_critic(settings: Adversarial) -> Critic:
    """A freshly initialised critic, as the settings describe it."""
    return Critic(settings.normalisation, settings.sigmoid)


def critic_optimizer(settings: Adversarial, critic: nn.Module) -> Adam:
    """Adam with the momenta of the game: 0.5 in DCGAN's (arXiv:1511.06434), 0 in WGAN-GP's."""
    betas = (0.5, 0.999) if settings.objective == "bce" else (0.0, 0.9)
    return Adam(critic.parameters(), settings.learning_rate, betas)


class Game:
    """Plays the critic's side, and tells the generator what the critic makes of its work.

    `bce` is the classic game with the generator's non-saturating loss (Goodfellow et al. 2014,
    arXiv:1406.2661); `wgan-gp` estimates Wasserstein's distance under a gradient penalty
    (Gulrajani et al. 2017, arXiv:1704.00028). `critic` and `optimizer` may have been prepared
    by accelerate, with `backward` its own. Random numbers depend on `seed` and the step only,
    so that a resumed run goes on bit by bit; give every process its own seed.
    """

    def __init__(
        self,
        settings: Adversarial,
        critic: nn.Module,
        optimizer: Optimizer,
        backward: Backward = Tensor.backward,
        seed: int = 0,
    ) -> None:
        self.settings = settings
        self.critic = critic
        self.optimizer = optimizer
        self.backward = backward
        self.seed = seed
        self.learned = True
        """Whether the critic's last turn was taken whole: no step without a finite gradient is."""

    def critic_step(self, real: Tensor, fake: Tensor, step: int) -> dict[str, Tensor]:
        """Let the critic learn from (N, 3, h, w) sharp and restored; no gradient leaves.

        Takes `critic_steps` steps on the same pictures and returns figures of the last, for
        the log: its loss, the mean verdicts on both, and the penalty where there is one.
        """
        fake = fake.detach()
        shape = (self.settings.critic_steps, len(real), 1, 1, 1)
        shares = np.random.default_rng((self.seed, step)).random(shape, np.float32)
        figures: dict[str, Tensor] = {}
        self.learned = True
        for share in torch.from_numpy(shares).to(real.device):
            figures = self._one_step(real, fake, share)
        return figures

    def generator_loss(self, fake: Tensor) -> Tensor:
        """What the generator is to make small, not weighted: (N, 3, h, w) -> a scalar.

        Small when the critic takes `fake` for sharp; its gradient reaches `fake` only.
        """
        critic = _unwrapped(self.critic)
        critic.requires_grad_(False)
        try:
            verdict = critic(fake)
        finally:
            critic.requires_grad_(True)
        return -verdict.mean() if self.settings.objective == "wgan-gp" else _bce(verdict, 1.0)

    def state_dict(self) -> dict[str, Any]:
        """The critic and its optimiser, for a checkpoint."""
        return {
            "critic": _unwrapped(self.critic).state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave. Raises RuntimeError for another critic's."""
        _unwrapped(self.critic).load_state_dict(state["critic"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _one_step(self, real: Tensor, fake: Tensor, share: Tensor) -> dict[str, Tensor]:
        self.optimizer.zero_grad()
        on_real, on_fake = self.critic(real), self.critic(fake)
        figures = {"critic_real": on_real.detach().mean(), "critic_fake": on_fake.detach().mean()}
        if self.settings.objective == "wgan-gp":
            penalty = gradient_penalty(self.critic, torch.lerp(real, fake, share))
            loss = on_fake.mean() - on_real.mean() + self.settings.penalty * penalty
            figures["penalty"] = penalty.detach()
        else:
            loss = (_bce(on_real, 1.0) + _bce(on_fake, 0.0)) / 2
        self.backward(loss)
        norm = get_total_norm([p.grad for p in self.critic.parameters() if p.grad is not None])
        finite = bool(torch.isfinite(norm))
        if finite or getattr(self.optimizer, "scaler", None):  # which skips by itself, and learns
            self.optimizer.step()
        self.learned &= finite
        return {"critic": loss.detach(), **figures}


def gradient_penalty(critic: nn.Module, pictures: Tensor) -> Tensor:
    """How far the critic's slope is from 1: (N, 3, h, w) between sharp and restored -> a scalar.

    The mean over pictures of the squared distance from 1 of the norm of the gradient of the
    mean verdict; it can be differentiated in turn.
    """
    pictures = pictures.detach().requires_grad_(True)
    verdicts = critic(pictures).float().mean((1, 2, 3)).sum()
    (slope,) = torch.autograd.grad(verdicts, pictures, create_graph=True)
    return (slope.float().flatten(1).norm(dim=1) - 1).square().mean()


def _bce(probability: Tensor, label: float) -> Tensor:
    # Autocast refuses binary_cross_entropy; the critic's probabilities are fp32 already.
    with torch.autocast(probability.device.type, enabled=False):
        wanted = torch.full_like(probability, label)
        return F.binary_cross_entropy(probability, wanted)


def _unwrapped(critic: nn.Module) -> nn.Module:
    """The critic without the wrapper of several processes, which must not sync for its verdict."""
    inner = getattr(critic, "module", critic)
    assert isinstance(inner, nn.Module)
    return inner

"""What learns in a run, and how it takes a step: the network, its running average, its critic."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from deblur.training.config import Adversarial, TrainingConfig
from deblur.training.learning.adversarial import Game, build_critic, critic_optimizer
from deblur.training.learning.averaging import average_, averaged
from deblur.training.learning.centring import Centring
from deblur.training.learning.losses import weighted_loss
from deblur.training.learning.optimizers import build_optimizer
from deblur.training.learning.processes import any_process, mean_of_processes

Restore = Callable[[Tensor], Tensor]
"""From blurred pictures (N, 3, h, w) to restored ones, sRGB; what goes in is in [0, 1]."""


class StepResult(NamedTuple):
    """The loss of a step and its parts; `taken` unless the gradient was not finite."""

    loss: float
    parts: dict[str, float]
    taken: bool


class Learner:
    """A network with its optimiser, the running average of its weights and, maybe, its critic.

    Pictures are sRGB (N, 3, h, w) in [0, 1], whatever the network's own range.
    """

    def __init__(
        self, config: TrainingConfig, network: nn.Module, accelerator: Accelerator
    ) -> None:
        """Take a network to the accelerator's device.

        Raises ConfigError for an optimiser that there is none of, or a loss that is not available.
        """
        self.config, self.accelerator = config, accelerator
        memory = torch.channels_last if config.channels_last else torch.contiguous_format
        network.to(accelerator.device, memory_format=memory)  # type: ignore[call-overload]
        self.centring = Centring(network) if config.centred else None
        if config.compile:
            network.compile()
        self.loss = weighted_loss(config).to(accelerator.device)
        optimizer = build_optimizer(config.optimizer, network)
        self.network, self.optimizer = accelerator.prepare(network, optimizer)
        self.bare: nn.Module = accelerator.unwrap_model(self.network)
        self.ema = {name: value.clone() for name, value in self.bare.state_dict().items()}
        self.game = self._game(config.adversarial) if config.adversarial else None

    def _game(self, settings: Adversarial) -> Game:
        critic = build_critic(settings).to(self.accelerator.device)
        critic, optimizer = self.accelerator.prepare(critic, critic_optimizer(settings, critic))
        seed = self.config.seed + self.accelerator.process_index
        return Game(settings, critic, optimizer, self.accelerator.backward, seed)

    def learn(self, blurred: Tensor, sharp: Tensor, step: int, rate: float) -> StepResult:
        """Take step number `step` at a learning rate, unless its gradient is not finite."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        restored = self._restore(self.network, blurred)
        loss, parts = self.loss(restored, sharp)
        if self.game and self._plays(self.game, restored, step):
            loss, verdicts = self._play(self.game, loss, restored, sharp, step)
            parts |= verdicts
        self.accelerator.backward(loss)
        clip = self.config.optimizer.clip
        norm = self.accelerator.clip_grad_norm_(self.network.parameters(), clip)
        # Read together and before the weights move: each reading waits for all work of a GPU.
        figures = torch.stack([each.float() for each in (norm, loss.detach(), *parts.values())])
        length, total, *values = figures.tolist()
        taken = math.isfinite(length)
        if taken or self.accelerator.scaler:  # at fp16 the scaler skips, and learns from it
            with self._about_means():
                self.optimizer.step()
        if taken:
            average_(self.ema, self.bare, min(self.config.ema, step / (step + 10)))
        self.optimizer.zero_grad(set_to_none=True)
        return StepResult(total, dict(zip(parts, values, strict=True)), taken)

    def _about_means(self) -> AbstractContextManager[None]:
        if self.centring is None:
            return nullcontext()
        return self.centring.about_means(partial(mean_of_processes, self.accelerator))

    def _plays(self, game: Game, restored: Tensor, step: int) -> bool:
        """Whether the critic plays: what is not finite would ruin it, and is skipped anyway."""
        if step < game.settings.after:
            return False
        return not any_process(self.accelerator, not bool(restored.isfinite().all()))

    def _play(
        self, game: Game, loss: Tensor, restored: Tensor, sharp: Tensor, step: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss with the critic's verdict, and both sides' figures."""
        real, fake = self.in_own_range(sharp), self.in_own_range(restored)
        figures = game.critic_step(real, fake, step)
        if not game.learned:  # then neither side does, whoever skips the step
            loss = loss * math.nan
        verdict = game.generator_loss(fake)
        figures["adversarial"] = verdict.detach()
        return loss + game.settings.weight * verdict, figures

    @contextmanager
    def averaged(self) -> Iterator[Restore]:
        """How the averaged weights restore, which `bare` has meanwhile, in evaluation mode."""
        with averaged(self.bare, self.ema):
            yield partial(self._restore, self.bare)

    def _restore(self, network: nn.Module, blurred: Tensor) -> Tensor:
        low, high = self.config.value_range
        if self.config.channels_last:
            blurred = blurred.contiguous(memory_format=torch.channels_last)
        with self.accelerator.autocast():
            answer = network(self.in_own_range(blurred))
        return (answer.float() - low) / (high - low)

    def in_own_range(self, pictures: Tensor) -> Tensor:
        """Pictures as the network takes them."""
        return in_range(pictures, self.config.value_range)

    def state_dict(self) -> dict[str, Any]:
        """All that it needs to go on."""
        scaler = self.accelerator.scaler
        return {
            "network": self.bare.state_dict(),
            "ema": self.ema,
            "optimizer": self.optimizer.state_dict(),
            "scaler": scaler.state_dict() if scaler else {},
            "game": self.game.state_dict() if self.game else {},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave. Raises RuntimeError for another network's."""
        self.bare.load_state_dict(state["network"])
        self.ema = {name: each.to(self.accelerator.device) for name, each in state["ema"].items()}
        self.optimizer.load_state_dict(state["optimizer"])
        if self.accelerator.scaler:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        if self.game:
            self.game.load_state_dict(state["game"])


def in_range(pictures: Tensor, value_range: tuple[float, float]) -> Tensor:
    """Pictures in [0, 1], stretched to another range."""
    low, high = value_range
    return pictures * (high - low) + low

"""The training loop: resumable at any step, on any device, in any number of processes."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from deblur.errors import (
    CheckpointError,
    DeviceMemoryError,
    TrainingDataError,
    TrainingError,
)
from deblur.synthesis.recipe import BlurRecipe
from deblur.training.config import Adversarial, SourceConfig, TrainingConfig
from deblur.training.data.batches import Batch, training_batches, validation_batches
from deblur.training.learning.adversarial import Game, build_critic, critic_optimizer
from deblur.training.learning.averaging import average_, averaged
from deblur.training.learning.centring import Centring
from deblur.training.learning.losses import weighted_loss
from deblur.training.learning.optimizers import build_optimizer
from deblur.training.learning.revival import dormant_features
from deblur.training.learning.schedule import Progress, learning_rate
from deblur.training.run.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from deblur.training.run.devices import is_first_process, open_accelerator
from deblur.training.run.reports import Clock, Outcome, Report
from deblur.training.run.run_folder import (
    BEST,
    CHECKPOINT,
    claimed,
    describe_run,
    refuse_folder_of_a_run,
)
from deblur.training.run.start import initial_network, teacher
from deblur.training.run.tracking import log_pictures
from deblur.training.run.validation import sample_pictures, total_gain
from deblur.training.tree import DataFile

HOPELESS = 50
"""So many steps in a row without a finite gradient end a run."""


def train(
    config: TrainingConfig,
    directory: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    time_limit: float = math.inf,
    should_stop: Callable[[], bool] = lambda: False,
    tracker: str | None = None,
    on_report: Callable[[Report], None] = lambda report: None,
) -> Outcome:
    """Train to the last step, or until `time_limit` seconds are over, and save.

    `directory` gets the configuration, `checkpoint.pt` and, of the best validation, `best.pt`.
    `device` is auto, cpu, cuda or mps; under `accelerate launch` or torchrun every process
    calls this. `tracker` is a name that Accelerate knows, as tensorboard or trackio.

    Raises CheckpointError when `directory` holds another run, or none to resume; ConfigError
    and TrainingDataError for what cannot be trained; TrainingError when gradients stay
    infinite, DeviceMemoryError when the GPU has no room.
    """
    try:
        with (
            claimed(directory) if is_first_process() else nullcontext(),
            open_accelerator(config, directory, device, tracker) as accelerator,
        ):
            run = _Run(config, directory, accelerator, resume)
            return run.learn_all(time_limit, should_stop, on_report)
    except torch.OutOfMemoryError as error:
        sizes = " and ".join(f"{each.batch} crops of {each.side} px" for each in config.crops)
        saved = f"; --init-from {directory} begins with what was learned until then"
        raise DeviceMemoryError(
            f"steps of {sizes} do not fit into the GPU's memory: begin another run with a smaller "
            f"--batch or --crop{saved if (directory / CHECKPOINT).exists() else ''}"
        ) from error


class _Run:
    """The moving parts of a run, and how they are saved and found again."""

    def __init__(
        self, config: TrainingConfig, directory: Path, accelerator: Accelerator, resume: bool
    ) -> None:
        self.config, self.directory, self.accelerator = config, directory, accelerator
        self.clock = Clock()
        self.path = directory / CHECKPOINT
        if not resume:
            refuse_folder_of_a_run(directory)
        saved = load_checkpoint(self.path) if resume else None
        self.left_out = dict[DataFile, str]()
        self.validation = self._fixed(config.validation or config.sources, config.recipe)
        torch.manual_seed(config.seed)
        self._build(fresh=saved is None)
        self.step, self.skipped, self.failing = 0, 0, 0
        self.progress, self.history = Progress(), list[dict[str, float]]()
        if saved:
            self._restore(saved)
        self.batches = training_batches(
            config,
            self.step,
            accelerator.device,
            rank=accelerator.process_index,
            world=accelerator.num_processes,
        )
        self.left_out |= self.batches.skipped
        self.general = self._fixed(config.general, BlurRecipe()) if config.general else []
        if accelerator.is_main_process:
            describe_run(directory, config, self.left_out.values())
        if accelerator.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(accelerator.device)
        self.clock.started = time.monotonic()

    def _build(self, *, fresh: bool) -> None:
        config, accelerator = self.config, self.accelerator
        network = initial_network(config, fresh=fresh, pictures=self._probe)
        memory = torch.channels_last if config.channels_last else torch.contiguous_format
        network.to(accelerator.device, memory_format=memory)  # type: ignore[call-overload]
        self.centring = Centring(network) if config.centred else None
        if config.compile:
            network.compile()
        self.loss = weighted_loss(config).to(accelerator.device)
        taught = teacher(config)
        self.teacher = taught.to(accelerator.device) if taught else None
        self.optimizer = build_optimizer(config.optimizer, network)
        self.network, self.optimizer = accelerator.prepare(network, self.optimizer)
        self.bare: nn.Module = accelerator.unwrap_model(self.network)
        self.ema = {name: value.clone() for name, value in self.bare.state_dict().items()}
        self.game = self._game(config.adversarial) if config.adversarial else None

    def _game(self, settings: Adversarial) -> Game:
        critic = build_critic(settings).to(self.accelerator.device)
        critic, optimizer = self.accelerator.prepare(critic, critic_optimizer(settings, critic))
        seed = self.config.seed + self.accelerator.process_index
        return Game(settings, critic, optimizer, self.accelerator.backward, seed)

    def _fixed(self, sources: Sequence[SourceConfig], recipe: BlurRecipe) -> list[Batch]:
        config = replace(self.config, recipe=recipe)
        batches = validation_batches(
            config, sources, config.validation_pictures, self.accelerator.device
        )
        self.left_out |= batches.skipped
        return list(batches)

    def learn_all(
        self,
        time_limit: float,
        should_stop: Callable[[], bool],
        on_report: Callable[[Report], None],
    ) -> Outcome:
        reason = "finished"
        if not self.history and (self.config.start_from or self.general):
            self._tell({}, self.validate(), on_report)
        while self.step < self.config.steps:
            late = self.clock.since_opened > time_limit
            if self.agree(should_stop() or late):
                reason = "time limit" if late else "stopped"
                break
            if self.progress.stalled(self.config):
                reason = "nothing better was learned"
                break
            losses = self._next_step()
            found = self.validate() if self.due(self.config.validate_every) else {}
            if self.due(self.config.checkpoint_every):
                self.save(self.path)
            self._tell(losses, found, on_report)
        self.save(self.path)
        return Outcome(self.path, self.step, reason)

    def _next_step(self) -> dict[str, float]:
        """What was learned is saved before the GPU's memory ends the run."""
        try:
            asked = time.monotonic()
            batch = self._next_batch()
            self.clock.waited += time.monotonic() - asked
            self.clock.pictures += len(batch.sharp) * self.accelerator.num_processes
            return self.learn(batch)
        except torch.OutOfMemoryError:
            if self.step:
                self.save(self.path)
            raise

    def _next_batch(self) -> Batch:
        """What was learned is saved before bad data, in whichever process, ends the run."""
        bad: TrainingDataError | None = None
        try:
            batch = next(self.batches)
        except TrainingDataError as error:
            bad = error
        if self.agree(bad is not None):
            if self.step:
                self.save(self.path)
            raise bad or TrainingDataError("another process met data that cannot be trained on")
        return batch

    def due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    def agree(self, found: bool) -> bool:
        """Whether any process found something, so that all act on it at the same step."""
        if self.accelerator.num_processes == 1:
            return found
        wish = torch.tensor([float(found)], device=self.accelerator.device)
        return bool(self.accelerator.reduce(wish).item())

    def learn(self, batch: Batch) -> dict[str, float]:
        """One step; a step whose gradient is not finite is counted and not taken."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.config, self.step, self.progress.reductions)
        restored = self.restore(self.network, batch.blurred)
        loss, parts = self.loss(restored, batch.sharp)
        if self.teacher is not None:
            with torch.no_grad():
                taught = self.restore(self.teacher, batch.blurred)
            likeness, _ = self.loss(restored, taught)
            loss = loss + self.config.distill_weight * likeness
            parts["teacher"] = likeness.detach()
        if self.game and self._plays(self.game, restored):
            sharp, fake = self._own_range(batch.sharp), self._own_range(restored)
            parts |= self.game.critic_step(sharp, fake, self.step)
            if not self.game.learned:  # then neither side does, whoever skips the step
                loss = loss * math.nan
            verdict = self.game.generator_loss(fake)
            loss = loss + self.game.settings.weight * verdict
            parts["adversarial"] = verdict.detach()
        self.accelerator.backward(loss)
        norm = self.accelerator.clip_grad_norm_(
            self.network.parameters(), self.config.optimizer.clip
        )
        finite = self._hopeful(bool(torch.isfinite(norm)))
        if finite or self.accelerator.scaler:  # at fp16 the scaler skips, and learns from it
            with self.centring.about_means(self._over_all) if self.centring else nullcontext():
                self.optimizer.step()
        if finite:
            average_(self.ema, self.bare, min(self.config.ema, self.step / (self.step + 10)))
            self.progress.note(float(loss.detach()))
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return {name: float(value) for name, value in parts.items()}

    def _plays(self, game: Game, restored: Tensor) -> bool:
        """Whether the critic plays: what is not finite would ruin it, and is skipped anyway."""
        if self.step < game.settings.after:
            return False
        return not self.agree(not bool(restored.isfinite().all()))

    def _hopeful(self, finite: bool) -> bool:
        self.failing = 0 if finite else self.failing + 1
        self.skipped += not finite
        if self.failing == HOPELESS:
            raise TrainingError(
                f"the gradients of {HOPELESS} steps in a row were not finite, the last at step "
                f"{self.step}: lower the learning rate, or train at bf16 or fp32; "
                f"{self.path} holds the last good state"
            )
        return finite

    def restore(self, network: nn.Module, blurred: Tensor) -> Tensor:
        """The network's answer to sRGB in [0, 1], in [0, 1] again, whatever its own range."""
        low, high = self.config.value_range
        if self.config.channels_last:
            blurred = blurred.contiguous(memory_format=torch.channels_last)
        with self.accelerator.autocast():
            answer = network(self._own_range(blurred))
        return (answer.float() - low) / (high - low)

    def _own_range(self, pictures: Tensor) -> Tensor:
        low, high = self.config.value_range
        return pictures * (high - low) + low

    @property
    def _probe(self) -> Tensor:
        """Pictures in the network's own range, to see which of its features fire."""
        return self._own_range(self.validation[0].blurred)

    def validate(self) -> dict[str, float | bool]:
        """Mean gains in dB of the averaged weights; keeps them when they are the best."""
        with averaged(self.bare, self.ema):
            gains = {"gain": self._mean_gain(self.validation)}
            found = dormant_features(self.bare, self._probe)
            dormant = sum(int(mask.sum()) for _, mask in found)
            if self.general:
                gains["general"] = self._mean_gain(self.general)
            if self.accelerator.trackers:
                shown = sample_pictures(lambda x: self.restore(self.bare, x), self.validation[0])
                log_pictures(self.accelerator, shown, self.step)
        record = {"step": float(self.step), "seconds": self.seconds, **gains, "dormant": dormant}
        if self.progress.noted:
            mean = torch.tensor(self.progress.take_mean(), device=self.accelerator.device)
            record["loss"] = float(self._over_all(mean))
        self.history.append(record)
        first = self.history[0].get("general", 0.0)
        forgot = gains.get("general", 0.0) < first - self.config.forgetting
        if self.progress.see(gains["gain"], self.config, fit=not forgot):
            self.save(self.directory / BEST)
        return {**gains, "forgot": forgot, "dormant": dormant}

    def _over_all(self, mean: Tensor) -> Tensor:
        """The mean of what every process has."""
        found: Tensor = self.accelerator.reduce(mean, reduction="mean")
        return found

    def _mean_gain(self, batches: list[Batch]) -> float:
        mine = batches[self.accelerator.process_index :: self.accelerator.num_processes]
        total = total_gain(lambda blurred: self.restore(self.bare, blurred), mine)
        total = self.accelerator.reduce(total.to(self.accelerator.device))
        return float(total[0] / total[1])

    @property
    def seconds(self) -> float:
        """Wall time of the run so far, earlier sittings included."""
        return self.clock.before + self.clock.here

    def _tell(
        self,
        losses: dict[str, float],
        found: dict[str, float | bool],
        on_report: Callable[[Report], None],
    ) -> None:
        device = self.accelerator.device
        report = Report(
            step=self.step,
            steps=self.config.steps,
            losses=losses,
            seconds=self.seconds,
            learning_rate=self.optimizer.param_groups[0]["lr"],
            images_per_second=self.clock.pictures / self.clock.here,
            waiting=self.clock.waited / self.clock.here,
            memory=torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0,
            skipped=self.skipped,
            left_out=tuple(self.left_out.values()),
            **found,  # type: ignore[arg-type]
        )
        if self.accelerator.trackers and (found or self.step % 10 == 0):
            figures = asdict(report) | losses
            self.accelerator.log(
                {name: each for name, each in figures.items() if isinstance(each, float | int)},
                step=self.step,
            )
        if self.accelerator.is_main_process:
            on_report(report)

    def save(self, path: Path) -> None:
        """Write the state; only the first of several processes does."""
        if not self.accelerator.is_main_process:
            return
        scaler = self.accelerator.scaler
        state = Checkpoint(
            config=self.config.to_json(),
            step=self.step,
            network=self.bare.state_dict(),
            ema=self.ema,
            optimizer=self.optimizer.state_dict(),
            scaler=scaler.state_dict() if scaler else {},
            schedule=asdict(self.progress),
            game=self.game.state_dict() if self.game else {},
            seconds=self.seconds,
            skipped=self.skipped,
            history=self.history,
        )
        save_checkpoint(state, path)

    def _restore(self, saved: Checkpoint) -> None:
        before = asdict(replace(saved.training_config(), skip_bad=self.config.skip_bad))
        differing = [name for name, value in asdict(self.config).items() if value != before[name]]
        if differing:
            raise CheckpointError(
                f"{self.path} was written with another configuration, of another "
                f"{', '.join(differing)}: resume with the same one, or start in another folder"
            )
        self.bare.load_state_dict(saved.network)
        self.optimizer.load_state_dict(saved.optimizer)
        if self.accelerator.scaler:
            self.accelerator.scaler.load_state_dict(saved.scaler)
        if self.game:
            self.game.load_state_dict(saved.game)
        device = self.accelerator.device
        self.ema = {name: value.to(device) for name, value in saved.ema.items()}
        self.progress = Progress(**saved.schedule)  # type: ignore[arg-type]
        self.step, self.skipped, self.history = saved.step, saved.skipped, saved.history
        self.clock.before = saved.seconds

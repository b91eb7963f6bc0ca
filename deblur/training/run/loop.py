"""The training loop: resumable at any step, on any device, in any number of processes."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import torch
from accelerate import Accelerator

from deblur.errors import DeviceMemoryError, TrainingDataError
from deblur.training.config import TrainingConfig
from deblur.training.data.batches import Batch, training_batches
from deblur.training.learning.learner import Learner, in_range
from deblur.training.learning.processes import any_process, mean_of_processes
from deblur.training.run.checkpoint import Checkpoint, save_checkpoint
from deblur.training.run.clock import Clock
from deblur.training.run.devices import is_first_process, open_accelerator
from deblur.training.run.reports import Outcome, Report, Reporter
from deblur.training.run.run_folder import (
    BEST,
    CHECKPOINT,
    checkpoint_to_resume,
    claimed,
    describe_run,
    refuse_folder_of_a_run,
)
from deblur.training.run.start import initial_network
from deblur.training.run.state import RunState
from deblur.training.run.tracking import log_pictures
from deblur.training.run.validator import Validation, Validator


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
            return _Loop(config, directory, accelerator, resume, on_report).run(
                time_limit, should_stop
            )
    except torch.OutOfMemoryError as error:
        sizes = " and ".join(f"{each.batch} crops of {each.side} px" for each in config.crops)
        saved = f"; --init-from {directory} begins with what was learned until then"
        raise DeviceMemoryError(
            f"steps of {sizes} do not fit into the GPU's memory: begin another run with a smaller "
            f"--batch or --crop{saved if (directory / CHECKPOINT).exists() else ''}"
        ) from error


class _Loop:
    """Draws, learns, validates, saves and reports, in turn."""

    def __init__(
        self,
        config: TrainingConfig,
        directory: Path,
        accelerator: Accelerator,
        resume: bool,
        on_report: Callable[[Report], None],
    ) -> None:
        self.config, self.directory, self.accelerator = config, directory, accelerator
        clock = Clock()
        if not resume:
            refuse_folder_of_a_run(directory)
        saved = checkpoint_to_resume(directory, config) if resume else None
        self.validator = Validator(config, accelerator)
        torch.manual_seed(config.seed)
        probe = in_range(self.validator.probe, config.value_range)
        network = initial_network(config, fresh=saved is None, pictures=probe)
        self.state = RunState(config, Learner(config, network, accelerator), clock)
        if saved:
            self.state.load_state_dict(vars(saved))
        rank, world = accelerator.process_index, accelerator.num_processes
        self.batches = training_batches(
            config, self.state.step, accelerator.device, rank=rank, world=world
        )
        left_out = tuple((self.validator.left_out | self.batches.skipped).values())
        if accelerator.is_main_process:
            describe_run(directory, config, left_out)
        self.reporter = Reporter(accelerator, left_out, on_report)
        clock.start()

    def run(self, time_limit: float, should_stop: Callable[[], bool]) -> Outcome:
        state, config = self.state, self.config
        reason = "finished"
        if not state.history and (config.start_from or config.general):
            self.reporter.tell(state, {}, self._validate())
        while state.step < config.steps:
            late = state.clock.since_opened > time_limit
            if any_process(self.accelerator, should_stop() or late):
                reason = "time limit" if late else "stopped"
                break
            if state.curve.stalled(config):
                reason = "nothing better was learned"
                break
            losses = self._step()
            found = self._validate() if state.due(config.validate_every) else None
            if state.due(config.checkpoint_every):
                self._save(CHECKPOINT)
            self.reporter.tell(state, losses, found)
        self._save(CHECKPOINT)
        return Outcome(self.directory / CHECKPOINT, state.step, reason)

    def _step(self) -> dict[str, float]:
        """What was learned is saved before bad data, or a GPU that is full, ends the run."""
        state = self.state
        try:
            with state.clock.waiting():
                batch = self._next_batch()
            state.clock.pictures += len(batch.sharp) * self.accelerator.num_processes
            result = state.learner.learn(
                batch.blurred, batch.sharp, state.step, state.learning_rate
            )
        except (TrainingDataError, torch.OutOfMemoryError):
            if state.step:
                self._save(CHECKPOINT)
            raise
        state.add_step(result)
        return result.parts

    def _next_batch(self) -> Batch:
        """Bad data ends the run in all processes, whichever meets it."""
        bad: TrainingDataError | None = None
        try:
            batch = next(self.batches)
        except TrainingDataError as error:
            bad = error
        if any_process(self.accelerator, bad is not None):
            raise bad or TrainingDataError("another process met data that cannot be trained on")
        return batch

    def _validate(self) -> Validation:
        """Measure the averaged weights, and keep them when they are the best."""
        state, accelerator = self.state, self.accelerator
        found, loss = self.validator.measure(state.learner), None
        if accelerator.trackers:
            log_pictures(accelerator, self.validator.sample(state.learner), state.step)
        if state.curve.noted:
            mean = torch.tensor(state.curve.take_mean_loss(), device=accelerator.device)
            loss = float(mean_of_processes(accelerator, mean))
        if state.add_validation(found, loss):
            self._save(BEST)
        return found

    def _save(self, name: str) -> None:
        """Write the state; only the first of several processes does."""
        if self.accelerator.is_main_process:
            checkpoint = Checkpoint(config=self.config.to_json(), **self.state.state_dict())
            save_checkpoint(checkpoint, self.directory / name)

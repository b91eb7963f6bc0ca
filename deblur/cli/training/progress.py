"""What a training run shows while it goes on."""

from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from deblur.cli.console import ERR

if TYPE_CHECKING:
    from deblur.training.config import TrainingConfig
    from deblur.training.run.reports import Report

ESTIMATE_AFTER = 10
"""After this number of steps the remaining time is estimated."""
SHOWN = 5


class TrainingProgress:
    """A bar with the pace, and lines for what should stay readable; a context manager."""

    def __init__(self, config: "TrainingConfig") -> None:
        self.config = config
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=False)),
            console=ERR,
        )
        self.task = self.bar.add_task("preparing", total=config.steps, figures="")
        self.first: Report | None = None

    def __enter__(self) -> "TrainingProgress":
        self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.stop()

    def show(self, report: "Report") -> None:
        """Take note of a step."""
        if self.first is None:
            self.first = report
            self._print_left_out(report.left_out)
        self.bar.update(
            self.task,
            completed=report.step,
            description=self.config.model,
            figures=report.pace,
        )
        if report.step - self.first.step == ESTIMATE_AFTER:
            self._print_estimate(self.first, report)
        if report.gain is not None:
            self.bar.console.print(str(report))

    def _print_left_out(self, files: tuple[str, ...]) -> None:
        if files:
            what = "1 file was" if len(files) == 1 else f"{len(files)} files were"
            self.bar.console.print(f"{what} left out as of no use, see left-out.txt:")
            for line in files[:SHOWN]:
                self.bar.console.print(f"  {line}", markup=False)

    def _print_estimate(self, first: "Report", now: "Report") -> None:
        """By the pixels still to be seen, since later crops may be larger."""

        def pixels(steps: range) -> int:
            stages = (self.config.stage_at(step) for step in steps)
            return sum(stage.batch * stage.side**2 for stage in stages)

        pace = pixels(range(first.step, now.step)) / (now.seconds - first.seconds)
        seconds = pixels(range(now.step, now.steps)) / pace
        self.bar.console.print(f"at this pace it takes {_in_words(seconds)} more")


def _in_words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes / 60:.1f} hours" if minutes > 90 else f"{minutes:.0f} minutes"

"""What a worker of `restore` does, in this process, in another one, or on another machine."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deblur.cli.console import end_on_sigterm
from deblur.cli.jobs import STREAM, Job
from deblur.errors import DeblurError, OutputError
from deblur.restorer import Progress, Restorer, RestoreReport

Outcome = RestoreReport | DeblurError
OnTiles = Callable[[Job, Progress], None]


@dataclass(frozen=True)
class PhotoWorker:
    """Restores one photo after another; what is wrong with one is its outcome.

    `writing` goes to Restorer.restore_file.
    """

    restorer: Restorer
    writing: Mapping[str, Any]
    on_tiles: OnTiles = lambda job, progress: None

    def __call__(self, job: Job) -> Outcome:
        """Restore a photo into its file, or into standard output."""
        try:
            if job.restored == STREAM:
                return self._into_stdout(job)
            job.restored.parent.mkdir(parents=True, exist_ok=True)
            return self._restored(job, job.restored)
        except DeblurError as error:
            return error
        except BrokenPipeError:
            raise
        except OSError as error:
            return OutputError(f"{job.restored} cannot be written ({error.strerror})")

    def _into_stdout(self, job: Job) -> RestoreReport:
        with TemporaryDirectory() as folder:
            place = Path(folder) / "restored"
            report = self._restored(job, place)
            sys.stdout.buffer.write(place.read_bytes())
            sys.stdout.buffer.flush()
        return report

    def _restored(self, job: Job, place: Path) -> RestoreReport:
        return self.restorer.restore_file(
            sys.stdin.buffer.read() if job.blurred == STREAM else job.blurred,
            place,
            on_progress=lambda progress: self.on_tiles(job, progress),
            overwrite=job.may_replace,
            **self.writing,
        )


def is_taken(job: Job) -> bool:
    """Whether something has the name of the restored photo."""
    return job.restored != STREAM and os.path.lexists(job.restored)


def open_worker(opening: Mapping[str, Any], writing: Mapping[str, Any]) -> PhotoWorker:
    """A worker with a model of its own; `opening` goes to Restorer.open.

    In a process that is the worker's own SIGTERM leaves nothing half.
    """
    if parent_process() is not None:
        end_on_sigterm()
    return PhotoWorker(Restorer.open(**opening), writing)

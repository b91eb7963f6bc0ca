"""What a worker of `restore` does, in this process, in another one, or on another machine."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deblur.cli.jobs import Job
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
        """Restore a photo into its file."""
        try:
            job.restored.parent.mkdir(parents=True, exist_ok=True)
            return self.restorer.restore_file(
                job.blurred,
                job.restored,
                on_progress=lambda progress: self.on_tiles(job, progress),
                overwrite=job.may_replace,
                **self.writing,
            )
        except DeblurError as error:
            return error
        except OSError as error:
            return OutputError(f"{job.restored} cannot be written ({error.strerror})")


def is_taken(job: Job) -> bool:
    """Whether something has the name of the restored photo."""
    return os.path.lexists(job.restored)


def open_worker(opening: Mapping[str, Any], writing: Mapping[str, Any]) -> PhotoWorker:
    """A worker with a model of its own; `opening` goes to Restorer.open."""
    return PhotoWorker(Restorer.open(**opening), writing)

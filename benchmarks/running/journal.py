"""Finished shards on disk, so that a run that was killed goes on where it was."""

import shutil
from pathlib import Path

from pydantic import ValidationError

from benchmarks.errors import BenchmarkError
from benchmarks.metrics import find_metric
from benchmarks.running.code_version import version_of_code
from benchmarks.running.shards import FinishedShard, Shard, Task
from deblur.files import replace_file
from deblur.records.digests import digest_of_json, state_of_file

UNFINISHED = ".unfinished"


class Journal:
    """The finished shards of one task below a folder of results.

    What they depend on (model and its weights, the pictures' files, rules, metrics, the code that
    restores and scores) is digested into the folder's name, so that a shard is never taken for
    another's. Raises UnknownModelError when there is no such model.
    """

    def __init__(self, results: Path, task: Task) -> None:
        about = {
            "code": version_of_code(),
            "method": [repr(task.method), task.method.identity()],
            "dataset": [
                [item.id, *map(state_of_file, (item.blurred, item.sharp, item.kernel))]
                for item in task.dataset.items
            ],
            "name": task.dataset.name,
            "protocol": task.protocol.digest(),
            "metrics": [[name, find_metric(name).definition] for name in task.metrics],
            "save": str(task.save),
        }
        self.folder = results / UNFINISHED / digest_of_json(about)

    def find(self, shard: Shard) -> FinishedShard | None:
        """A shard that was finished before; one that was cut short does not count."""
        try:
            return FinishedShard.model_validate_json(self._path(shard).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def keep(self, shard: Shard, finished: FinishedShard) -> None:
        """Put a finished shard on disk. Raises BenchmarkError when that fails."""
        write_whole(self._path(shard), finished.model_dump_json())

    def clear(self) -> None:
        """The record is written: its shards are not needed any more."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent.is_dir() and not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()

    def _path(self, shard: Shard) -> Path:
        return self.folder / f"{shard.name}.json"


def write_whole(path: Path, text: str) -> None:
    """Write a file, down to the disk. Raises BenchmarkError when it cannot be written."""
    try:
        replace_file(path, text, durable=True)
    except OSError as error:
        raise BenchmarkError(
            f"{path} cannot be written ({error.strerror or error}): check the free space and the "
            "permissions; the same command then goes on where it stopped"
        ) from error

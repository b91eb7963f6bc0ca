"""The folder of a run: what lies there, and under which name."""

import errno
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from filelock import FileLock, Timeout

from deblur.catalog import CATALOG
from deblur.errors import CheckpointError
from deblur.files import replace_file
from deblur.training.config import TrainingConfig
from deblur.training.data.split import write_split
from deblur.training.run.checkpoint import Checkpoint, load_checkpoint

CHECKPOINT = "checkpoint.pt"
BEST = "best.pt"
CONFIG = "config.json"
SPLIT = "split.json"
LEFT_OUT = "left-out.txt"
LOCK = ".lock"
NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""What file systems without locks answer, as some network drives."""


def refuse_folder_of_a_run(directory: Path) -> None:
    """Raises CheckpointError when a run lies in a folder already."""
    if (directory / CHECKPOINT).exists():
        raise CheckpointError(
            f"{directory} holds a run: go on with `python -m deblur train --resume {directory}`, "
            "or name another folder with --output"
        )


@contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """Keep other runs out of a folder, which is made; it goes when nothing was left in it.

    Raises CheckpointError when another run is at work there, or nothing can be written. Where a
    file system knows no locks, it warns that nothing keeps others out.
    """
    made = [each for each in (directory, *directory.parents) if not each.exists()]
    lock = FileLock(directory / LOCK, timeout=0)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise CheckpointError(
            f"another run is at work in {directory}: wait for it, or name another folder with "
            "--output"
        ) from error
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise CheckpointError(
                f"{directory} cannot be the folder of a run ({error.strerror or error}): name "
                "another with --output"
            ) from error
        warnings.warn(
            f"{directory} lies where nothing can be locked ({error.strerror}): see to it that no "
            "other run writes there",
            stacklevel=2,
        )
    try:
        yield
    finally:
        _leave(directory, lock, made)


def _leave(directory: Path, lock: FileLock, made: Iterable[Path]) -> None:
    """Give a folder back; what was made of it goes when nothing lies in it."""
    with suppress(OSError):  # on Windows the file goes with its release
        (directory / LOCK).unlink(missing_ok=True)
    lock.release()
    with suppress(OSError):  # something lies in it
        for each in made:
            each.rmdir()


def read_config(place: Path) -> TrainingConfig:
    """The configuration in a file, or of a run by its folder.

    Raises CheckpointError where none lies, ConfigError naming a field that is wrong.
    """
    path = place / CONFIG if place.is_dir() else place
    if not path.is_file():
        raise CheckpointError(f"{place} is not the folder of a run, nor a file of its settings")
    return TrainingConfig.from_json(path.read_text(encoding="utf-8"))


def checkpoint_to_resume(directory: Path, config: TrainingConfig) -> Checkpoint:
    """The state that a run goes on from.

    Raises CheckpointError when there is none, or when it is of another configuration, but for
    `skip_bad`.
    """
    saved = load_checkpoint(directory / CHECKPOINT)
    before = asdict(replace(saved.training_config(), skip_bad=config.skip_bad))
    differing = [name for name, value in asdict(config).items() if value != before[name]]
    if differing:
        raise CheckpointError(
            f"{directory / CHECKPOINT} was written with another configuration, of another "
            f"{', '.join(differing)}: resume with the same one, or start in another folder"
        )
    return saved


def weights_of_run(place: str) -> str:
    """The best weights of a run by its folder; any other name of weights as it is."""
    for name in () if place in CATALOG else (BEST, CHECKPOINT):
        if (Path(place) / name).is_file():
            return str(Path(place) / name)
    return place


def describe_run(directory: Path, config: TrainingConfig, left_out: Iterable[str]) -> None:
    """Write what a run is, what it learns from, and which files it leaves out, with the reasons."""
    replace_file(directory / CONFIG, config.to_json(), durable=True)
    if any(source.split for source in config.sources):
        write_split(directory / SPLIT, config.sources)
    (directory / LEFT_OUT).unlink(missing_ok=True)
    if reasons := [*left_out]:
        replace_file(directory / LEFT_OUT, "\n".join(reasons) + "\n")

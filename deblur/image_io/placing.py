"""Where a restored photo goes: checked and held before the work begins, taken when it is done."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import Timeout

from deblur.errors import OutputError, OutputExistsError
from deblur.files import creating, locked, replacing, sweep
from deblur.language import say


@contextmanager
def held_place(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a hidden file to write to; it becomes `path` when the block ends without an error.

    Until then no other call, in whichever process, gets the same name. Raises OutputExistsError
    where a file stands and `overwrite` is False, or where another run is about to write one, and
    OutputError where the folder is missing or closed to us.
    """
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    if path.is_dir():
        raise OutputError(say("{path} is a folder; name a file", path=path))
    if not path.parent.is_dir():
        raise OutputError(
            say("there is no folder {folder}; make it, or choose another", folder=path.parent)
        )
    try:
        with (
            locked(path.with_name(f".{path.name[:200]}.lock"), timeout=0),
            (replacing if overwrite else creating)(path) as unfinished,
        ):
            sweep(path)  # `unfinished` is not there yet
            unfinished.touch()
            yield unfinished
    except Timeout as error:
        raise OutputExistsError(
            say(
                "another run is writing {path}; wait for it, or choose another name",
                path=path,
            )
        ) from error
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise not_written(path, error) from error


def take_after(photo: Path, result: Path, *, times: bool = False) -> None:
    """Give a result the mode of its photo, and with `times` its dates, where the system lets us."""
    with suppress(OSError):
        state = photo.stat()
        result.chmod(stat.S_IMODE(state.st_mode))
        if times:
            os.utime(result, ns=(state.st_atime_ns, state.st_mtime_ns))


def not_written(where: Path | str, error: OSError) -> OutputError:
    """The error for a file that the system does not let us write."""
    reason = error.strerror or str(error)
    return OutputError(
        say(
            "{where} cannot be written ({reason}); check the free space and the permissions",
            where=where,
            reason=reason,
        )
    )


def _exists(path: Path) -> OutputExistsError:
    return OutputExistsError(
        say("{path} is there already; allow overwriting or choose another name", path=path)
    )

"""Where engines keep what they compile, so that it is compiled once and not at each start."""

from pathlib import Path

import platformdirs

from deblur.errors import BackendUnavailableError
from deblur.language import say


def compiled_folder(name: str) -> Path:
    """A folder for what an engine compiles, made when it is not there.

    Raises BackendUnavailableError where it cannot be made.
    """
    folder = platformdirs.user_cache_path("deblur-arena", appauthor=False) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackendUnavailableError(
            say(
                "{name} keeps what it compiles in {folder}, which cannot be made ({reason}); "
                "name another place in XDG_CACHE_HOME (on Linux and macOS)",
                name=name,
                folder=folder,
                reason=error.strerror,
            )
        ) from error
    return folder

"""What a command needs beyond the core installation."""

import importlib.util

from deblur.errors import BackendUnavailableError


def require_torch(activity: str) -> None:
    """Raises BackendUnavailableError, saying how to install it, where torch is not."""
    require("torch", activity, extra="torch")


def require(module: str, activity: str, *, extra: str | None = None) -> None:
    """Raises BackendUnavailableError, naming it or the extra that has it, where a module is not."""
    if importlib.util.find_spec(module) is None:
        raise BackendUnavailableError(
            f"{activity} needs {module}, which is not installed: "
            f"`pip install {f'deblur-arena[{extra}]' if extra else module}`"
        )

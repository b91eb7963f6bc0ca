"""What a command needs beyond the core installation."""

import importlib.util

from deblur.errors import BackendUnavailableError


def require_torch(activity: str) -> None:
    """Raises BackendUnavailableError, saying how to install it, where torch is not."""
    if importlib.util.find_spec("torch") is None:
        raise BackendUnavailableError(
            f"{activity} needs torch, which is not installed: `pip install deblur-arena[torch]`"
        )

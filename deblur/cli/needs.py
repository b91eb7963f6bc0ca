"""What a command needs beyond the core installation."""

from deblur.errors import BackendUnavailableError
from deblur.extras import lack_of


def require_torch(activity: str) -> None:
    """Raises BackendUnavailableError, saying how to install it, where torch is not."""
    require("torch", activity, extra="torch")


def require(module: str, activity: str, *, extra: str | None = None) -> None:
    """Raises BackendUnavailableError, naming it or the extra that has it, where a module is not."""
    if sentence := lack_of(activity, module, extra=extra):
        raise BackendUnavailableError(sentence)

"""What the core installation leaves out: which modules are missing, and how they are installed."""

import importlib.util
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def how_to_install(extra: str) -> str:
    """A command that installs an extra of this package, and where it works."""
    if (_ROOT / "pyproject.toml").is_file():
        return f"`pip install -e '.[{extra}]'` in {_ROOT}"
    return f"`pip install 'FILE.whl[{extra}]'`, with the wheel that Deblur Arena came in"


def lack_of(activity: str, *modules: str, extra: str | None = None) -> str:
    """What an activity needs and how to install it, in a sentence; empty when all of it is here.

    Without an `extra` the modules are packages of the same names.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if not missing:
        return ""
    verb = "is" if len(missing) == 1 else "are"
    how = how_to_install(extra) if extra else f"`pip install {' '.join(missing)}`"
    return f"{activity} needs {', '.join(missing)}, which {verb} not installed: {how}"

"""How long something may take, as people write it."""

import re

from deblur.errors import ConfigError


def duration(text: str) -> float:
    """Read 90s, 9m, 1.5h or 1h30m, in seconds. Raises ConfigError for what is no such time."""
    number = r"(\d+(?:\.\d+)?)"
    parts = re.fullmatch(rf"(?:{number}h)?(?:{number}m)?(?:{number}s?)?", text.strip())
    if not text.strip() or parts is None:
        raise ConfigError(f"{text!r} is not a time such as 90s, 9m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return 3600 * hours + 60 * minutes + seconds

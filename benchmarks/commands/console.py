"""Where the commands speak: results on stdout, progress and trouble on stderr."""

from rich.console import Console

OUT = Console(width=max(100, Console().width))
ERR = Console(stderr=True)

"""Where the commands speak: results on stdout, progress and trouble on stderr."""

from rich.console import Console

OUT = Console()
ERR = Console(stderr=True)

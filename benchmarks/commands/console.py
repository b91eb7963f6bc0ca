"""Where the commands speak: results on stdout, progress and trouble on stderr."""

from rich.console import Console

OUT = Console(width=max(100, Console().width), markup=False)
ERR = Console(stderr=True, markup=False)

"""Messages for strangers: names of files, and no folder of the machine that answers."""

import re

_FOLDERS = re.compile(
    r"""(?<![\w:/\\.@%-])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\'"<>|:;,()]+[/\\])+""", re.ASCII
)


def without_folders(text: str) -> str:
    """A sentence in which absolute paths have lost all but their last part."""
    return _FOLDERS.sub("", text)

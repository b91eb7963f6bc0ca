"""The page in a process of its own, so that it can be stopped and started again."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
EMBEDDED = CHECKOUT / "leaderboard" / "data"


@contextmanager
def served(root: Path, **settings: str) -> Iterator[str]:
    """The address of `python app.py` on a store; settings are environment variables."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {**os.environ, "LEADERBOARD_ROOT": str(root), "PORT": port, **settings}
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().partition(": ")[2].strip()
    finally:
        process.terminate()
        process.wait()


def store_of(dataset: str, root: Path) -> Path:
    """A copy of the store that comes with the project, of one dataset."""
    shutil.copytree(EMBEDDED / dataset, root / dataset)
    return root

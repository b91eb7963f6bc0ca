"""The folder of a running page: what visitors send and get lies in it, and goes with the page.

Below the system's folder for temporary files, or GRADIO_TEMP_DIR, each page has a folder of its
own, which it holds by a lock. A page that starts removes the folders that nobody holds any more.
"""

import atexit
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from deblur.errors import OutputError
from deblur.language import say

PREFIX = "deblur-arena-page-"
_LOCK_NAME = ".held"
_LOCK_SECONDS = 10.0
"""Seconds that a page waits for another that is starting."""

QUOTA_BYTES = 20_000_000_000
"""Bytes that a page keeps at most."""

KEEP_SECONDS = 3600.0
"""Seconds that a file is kept."""

SPARED_SECONDS = 300
"""Seconds that a new file is kept even where the quota is used up: its visitor looks at it."""

RESERVE_BYTES = 200_000_000
"""Bytes of the disk that stay free."""


def folder_in(root: Path, prefix: str = "") -> Path:
    """An empty folder of its own below `root`. Raises OutputError where there is no room."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=root))
    except OSError as error:
        raise OutputError(
            say(
                "the machine that serves this page can keep no file now "
                "({reason}); try again later",
                reason=error.strerror,
            )
        ) from error


class PageFolder:
    """A page's own folder: `shown` may be served, `work` is never served.

    Files go when they are older than `keep` seconds, and the oldest where there are more than
    `quota` bytes. Those that are there when `sweep_often` is called belong to the page and stay.
    """

    def __init__(
        self, root: Path, held: FileLock, *, quota: int = QUOTA_BYTES, keep: float = KEEP_SECONDS
    ) -> None:
        self.root, self._held, self.quota, self.keep = root, held, quota, keep
        self.shown, self.work = root / "shown", root / "work"
        self._own: frozenset[str] = frozenset()
        for folder in (self.shown, self.work):
            folder.mkdir()

    def take_temporary_files(self) -> None:
        """Let this process, and those that it starts, keep temporary files in here, too."""
        os.environ["TMPDIR"] = str(self.work)
        tempfile.tempdir = None

    def sweep(self, clock: Callable[[], float] = time.time) -> int:
        """Delete what is old, then the oldest until the quota holds, and folders that are empty.

        Returns how many bytes are left.
        """
        files = sorted(self._files(), key=lambda each: each[1].st_ctime)
        now, total = clock(), sum(state.st_size for _, state in files)
        for path, state in files:
            age = now - state.st_ctime
            if age > self.keep or (total > self.quota and age > SPARED_SECONDS):
                with suppress(OSError):
                    Path(path).unlink()
                    total -= state.st_size
        self._remove_empty(now)
        return total

    def has_room(self, size: int) -> bool:
        """Whether this number of bytes can be kept, after files that may go are deleted."""
        used = sum(state.st_size for _, state in self._files())
        if used + size > self.quota:
            used = self.sweep()
        free = shutil.disk_usage(self.root).free
        return (
            used + size <= self.quota
            and free - size > RESERVE_BYTES
            and os.access(self.shown, os.W_OK)
        )

    def sweep_often(self, seconds: float) -> None:
        """Sweep now, and again and again in the background."""
        self._own = frozenset(path for path, _ in self._files())

        def sweep() -> None:
            while self.root.is_dir():
                self.sweep()
                time.sleep(seconds)

        threading.Thread(target=sweep, daemon=True).start()

    def remove(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.root, ignore_errors=True)
        self._held.release()

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every file but those of the page itself."""
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 - a walk over very many
                if path not in self._own and name != _LOCK_NAME:
                    with suppress(OSError):
                        yield path, os.lstat(path)

    def _remove_empty(self, now: float) -> None:
        for folder, _, _ in os.walk(self.root, topdown=False):
            if Path(folder) not in (self.root, self.shown, self.work):
                with suppress(OSError):
                    if now - Path(folder).stat().st_ctime > SPARED_SECONDS:
                        Path(folder).rmdir()


def claim_folder(*, quota: int = QUOTA_BYTES, keep: float = KEEP_SECONDS) -> PageFolder:
    """A new folder for this process, in which Gradio keeps its files from now on.

    What pages left that were killed is removed. Raises OSError where no folder can be made.
    """
    base = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(base):
        _remove_left_over(base)
        root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        held = FileLock(root / _LOCK_NAME)
        held.acquire(timeout=0)
    folder = PageFolder(root, held, quota=quota, keep=keep)
    os.environ["GRADIO_TEMP_DIR"] = str(folder.shown)
    atexit.register(folder.remove)
    return folder


def _one_at_a_time(base: Path) -> FileLock:
    user = os.getuid() if hasattr(os, "getuid") else "page"
    return FileLock(base / f".{PREFIX}{user}.lock", timeout=_LOCK_SECONDS)


def _remove_left_over(base: Path) -> None:
    for root in base.glob(f"{PREFIX}*"):
        if root.is_dir() and not root.is_symlink() and os.access(root, os.W_OK):
            with suppress(Timeout, OSError), FileLock(root / _LOCK_NAME, timeout=0):
                shutil.rmtree(root, ignore_errors=True)

"""The one way to write a file: under another name first, so that no half file is ever seen."""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

_LOCK = ".create.lock"


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Write to the path that this yields; it becomes `path` when the block ends without an error.

    The temporary file is hidden, unique, and beside `path`, whose folder is made; it keeps the
    suffix. A file that `path` replaces hands its mode on; a symbolic link stays, and what it
    points to is replaced. With `durable` the content is on the disk before the name changes.
    Raises OSError where the file cannot be written; what stood there stays.
    """
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    temporary = _beside(path)
    try:
        yield temporary
        _keep_mode(path, temporary)
        if durable:
            _flush(temporary)
        temporary.replace(path)
        if durable:
            _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes | str, *, durable: bool = False) -> None:
    """Write a whole file, text as UTF-8, in place of what may stand there; see `replacing`."""
    with replacing(path, durable=durable) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def creating(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """As `replacing`, but never in place of a file.

    Raises FileExistsError when another writer, in whichever process, has the name first. That
    holds on file systems without hard links, too: there, writers take turns by a lock.
    """
    temporary = _beside(path)
    try:
        yield temporary
        if durable:
            _flush(temporary)
        _take_name(temporary, path)
        if durable:
            _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def create_once(path: Path, content: bytes | str) -> bool:
    """Write a whole file, text as UTF-8, down to the disk; False where one stands, which stays."""
    try:
        with creating(path, durable=True) as temporary:
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    except FileExistsError:
        return False
    return True


@contextmanager
def locked(path: Path, *, timeout: float = -1) -> Iterator[None]:
    """Be the only one inside, over all processes; the file at `path` goes at the end.

    Waits `timeout` seconds for others, -1 without an end. Raises filelock.Timeout then, OSError
    where no lock can be made.
    """
    lock = FileLock(path, timeout=timeout)
    with lock:
        try:
            yield
        finally:
            with suppress(OSError):  # on Windows it goes with its release
                path.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Delete what killed writers of `path` left beside it; the caller must hold its lock."""
    for left in path.parent.glob(f".{_token(path)}*.part*"):
        with suppress(OSError):
            left.unlink(missing_ok=True)


def _token(path: Path) -> str:
    """Hexadecimal digits that files on their way to `path` begin with, whatever its length."""
    return hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]


def _beside(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # would read as if `path` itself were there
        raise NotADirectoryError(
            errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent)
        ) from error
    return path.with_name(f".{_token(path)}{secrets.token_hex(8)}.part{path.suffix}")


def _keep_mode(path: Path, temporary: Path) -> None:
    with suppress(FileNotFoundError):
        temporary.chmod(path.stat().st_mode & 0o7777)


def _take_name(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        with locked(path.with_name(_LOCK)):
            if os.path.lexists(path):
                raise FileExistsError(path) from None
            temporary.rename(path)


def _flush(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    """So that the name lasts, too; not every system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

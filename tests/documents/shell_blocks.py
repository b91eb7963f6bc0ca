"""The shell commands of the documents, and what is known of those that do not run in the tests."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    *sorted(ROOT.glob("README*.md")),
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
SHELL = ("", "bash", "console", "sh", "shell")
"""What the fence of a shell block says; other blocks name their language."""

OURS = re.compile(r"python -m (deblur|benchmarks|leaderboard)(?: (.*))?$")
TRAINING = re.compile(r"(?:python|accelerate launch) -m deblur\.training (.*)$")

NOT_RUN = {
    r"GOPRO_Large|=lai\b|=DIR\b|gopro_pairs|mine-gopro\.json|results/gopro": "needs a dataset that"
    " does not come with the project",
    r"residual-unet-m --config|data/training\.zip@": "reads an archive of such a dataset",
    r"owner/name|hf://|maxim-gopro": "needs a network",
    r"--crew ": "starts worker processes or a cluster; tests/crews and tests/cli/test_cli_crews.py",
    r"python -m benchmarks run$|python -m benchmarks speed|python -m deblur tune": "takes minutes",
    r"deblur quantize|--precision int8|int8\.onnx": "takes a minute; tests/publish",
    r"--within 2h|--preset seed": "takes hours",
    r"manifest night": "is about a dataset that a reader adds",
    r"theirs\.pth": "needs a published checkpoint; tests/test_guests.py",
    r"accelerate launch": "starts processes; tests/training/test_entry.py",
    r"for run in|deblur\.training": "is a part of a plan for half an hour of a GPU",
    r"^git clone|^cd |^make |pip install|python -m venv|^\.venv|app\.py": "installs or serves",
}
"""Why a command is not run, by an expression that is found in it."""


def commands(document: Path) -> list[str]:
    """The commands of a document's shell blocks, each on one line, without comments."""
    fences = re.finditer(r"^( *)```(\w*)\n(.*?)^\1```", document.read_text("utf-8"), re.M | re.S)
    blocks = [fence[3] for fence in fences if fence[2] in SHELL]
    lines = "\n".join(re.sub(r"\\\n\s*", "", block) for block in blocks).splitlines()
    return [bare for line in lines if (bare := re.sub(r"(^|\s+)#.*", "", line.strip()))]


def reason_not_to_run(command: str) -> str | None:
    """Why a command is not run here; None for one that is."""
    return next((why for known, why in NOT_RUN.items() if re.search(known, command)), None)


def inline_commands(document: Path) -> Iterator[list[str]]:
    """Our commands in the running text, as words; those with [options] or … are patterns."""
    text = re.sub(r"^( *)```.*?^\1```", "", document.read_text("utf-8"), flags=re.M | re.S)
    for span in re.findall(r"`([^`]+)`", text):
        one_line = " ".join(span.split())
        if OURS.search(one_line) and not re.search(r"[\[…]|\.\.\.", one_line):
            yield shlex.split(one_line)

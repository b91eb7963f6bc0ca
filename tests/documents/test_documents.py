"""The commands of README, CONTRIBUTING and docs run here, or a reason says why not.

All of them name commands, options, make targets and extras that exist, and every link between the
documents leads to a file and a heading.
"""

import json
import logging
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import onnx
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from benchmarks.__main__ import app as benchmarks
from deblur.cli import app as deblur
from deblur.training.__main__ import options as training_options
from deblur.weights import PRETRAINED
from leaderboard.__main__ import app as leaderboard
from tests.cli.command_line import process
from tests.documents.shell_blocks import (
    DOCUMENTS,
    NOT_RUN,
    OURS,
    ROOT,
    TRAINING,
    commands,
    inline_commands,
    reason_not_to_run,
)
from tests.training.runs import make_pairs, make_photos, one_thread

APPS = {"deblur": deblur, "benchmarks": benchmarks, "leaderboard": leaderboard}
WITH_COMMANDS = [each for each in DOCUMENTS if commands(each)]

TINY = {
    "validation_pictures": 2,
    "precision": "fp32",
    "crops": [{"start": 0.0, "side": 32, "batch": 2}],
    "recipe": {"length": [1, 4], "defocus": [0.5, 1]},
}
SMALLER = (
    (r"--steps \d+", "--steps 2"),
    (r"--crop \d+", "--crop 32"),
    (r"--count \d+", "--count 2"),
)
RUN_ONE = " --no-cost --metrics psnr --subset one --limit 1"


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


in_documents = pytest.mark.parametrize("document", WITH_COMMANDS, ids=name_of)
in_languages_once = pytest.mark.parametrize(
    "document",
    {tuple(commands(each)): each for each in reversed(WITH_COMMANDS)}.values(),
    ids=name_of,
)
"""A translation with the same commands does not run them again."""


@cache
def command_of(app: str, name: str) -> Any:
    """A command as the library that parses it knows it."""
    group: Any = typer.main.get_command(APPS[app])
    assert name in group.commands, f"python -m {app} has no command {name}"
    return group.commands[name]


def words_of(command: str) -> list[str]:
    return shlex.split(command)


def check_ours(app: str, rest: str) -> None:
    """Parse a command with the program's own parser, without running it."""
    name, *arguments = words_of(rest)
    command_of(app, name).make_context(name, arguments).close()


def check_make(rest: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert words_of(rest)[0] in targets
    for path in re.findall(r"tests/[\w/.]+", rest):
        assert (ROOT / path).exists(), path


def check_install(rest: str) -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra in re.findall(r"\[([\w,]+)\]", rest):
        assert set(extra.split(",")) <= known["optional-dependencies"].keys()


def check_script(rest: str) -> None:
    script, *arguments = words_of(rest)
    source = (ROOT / script).read_text()
    assert all(f'"{each}"' in source for each in arguments if each.startswith("--"))


def check_training(rest: str) -> None:
    without_shell = re.sub(r"\$\{[^}]*\}", "1", re.sub(r" &$|; done$", "", rest))
    training_options().parse_args(words_of(without_shell))


CHECKS: dict[str, Callable[[str], None]] = {
    r"^make (.*)": check_make,
    r"pip install (.*)": check_install,
    r"^python ((?:examples|scripts)/.*)": check_script,
    TRAINING.pattern: check_training,
} | {rf"python -m {app} (.*)": partial(check_ours, app) for app in APPS}


@in_documents
def test_every_command_names_what_exists(document: Path) -> None:
    for command in commands(document):
        for pattern, check in CHECKS.items():
            if found := re.search(pattern, command):
                try:
                    check(found[1])
                except (Exception, SystemExit) as error:
                    pytest.fail(f"{name_of(document)}: {command}\n{type(error).__name__}: {error}")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_in_the_text_name_what_exists(document: Path) -> None:
    for _, _, app, *rest in (words for words in inline_commands(document) if words[0] == "python"):
        if not rest or rest[0].startswith("-"):
            continue
        known = {name for each in command_of(app, rest[0]).params for name in each.opts}
        unknown = {word for word in rest if re.match(r"--\w", word)} - known - {"--help"}
        assert not unknown, f"{name_of(document)}: python -m {app} {rest[0]} has no {unknown}"


def test_no_reason_is_left_over() -> None:
    everything = [command for document in DOCUMENTS for command in commands(document)]
    used = {reason_not_to_run(command) for command in everything}
    assert set(NOT_RUN.values()) <= used


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands name: photos, pairs, a finished run, a bare ONNX file."""
    folder = tmp_path_factory.mktemp("documents")
    shutil.copytree(ROOT / "examples", folder / "examples")
    small = Image.open(ROOT / "examples" / "coffee.jpg").crop((100, 80, 228, 176))
    (folder / "holidays").mkdir()
    for name in ("photo.jpg", "page.jpg", "scan.tif", "holidays/beach.jpg", "examples/coffee.jpg"):
        small.save(folder / name)
    for name in ("photos", "general", "blurred"):
        make_photos(folder / name, 12)
    make_pairs(folder / "pairs")
    (folder / "tiny.json").write_text(json.dumps(TINY))
    (folder / "notes.md").write_text("## Data\n\nRendered.\n")
    bare = onnx.load(PRETRAINED / "residual-unet-xs" / "model.onnx")
    del bare.metadata_props[:]
    onnx.save(bare, folder / "theirs.onnx")
    records = sorted((ROOT / "leaderboard" / "data" / "mini").glob("*/*.json"))
    for name, record in zip(("FIRST.json", "SECOND.json"), records, strict=False):
        shutil.copy(record, folder / name)
    return folder


@pytest.fixture(scope="module")
def with_runs(prepared: Path) -> Path:
    """The same with finished runs of two steps."""
    train = "--model srcnn --steps 2 --device cpu --data photos:photos --config tiny.json"
    with pytest.MonkeyPatch.context() as patch, one_thread():
        patch.chdir(prepared)
        run_here(f"python -m deblur train {train} -o runs/residual-unet-xs")
    shutil.copytree(prepared / "runs" / "residual-unet-xs", prepared / "runs" / "mine")
    return prepared


def small(command: str) -> str:
    """A command with few steps, small crops and few pictures."""
    for long, short in SMALLER:
        command = re.sub(long, short, command)
    if "deblur train" in command and "--resume" not in command:
        command += " --config tiny.json"
    if "synthesize" in command:
        command += " --crop 32 --count 2"
    return command + (RUN_ONE if "benchmarks run" in command else "")


def run_here(command: str) -> None:
    """Run a command in this process, or as the shell would; it must succeed."""
    if ours := OURS.search(command):
        result = CliRunner().invoke(APPS[ours[1]], words_of(ours[2]))
        assert result.exit_code == 0, f"{command}\n{result.output}\n{result.exception!r}"
    elif command.startswith("echo"):
        text, place = re.fullmatch(r"echo '(.*)' > (\S+)", command).groups()  # type: ignore[union-attr]
        Path(place).write_text(text)
    else:
        program, *arguments = words_of(command)
        assert program == "python", f"neither run nor listed in NOT_RUN: {command}"
        done = process(*arguments[1:], cwd=Path(), program=(arguments[0],))
        assert done.code == 0, f"{command}\n{done.err}"


@in_languages_once
def test_commands_run(
    document: Path, with_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(with_runs, tmp_path / "work")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(logging.root.manager, "disable", logging.DEBUG)
    with one_thread():
        for command in commands(document):
            if not reason_not_to_run(command):
                run_here(small(command))


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    text = re.sub(r"^( *)```.*?^\1```", "", document.read_text("utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    bare = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {each.strip().replace(" ", "-") for each in bare}


def links(document: Path) -> Iterator[tuple[Path, str]]:
    """Where a document's relative links lead: a path, and a heading or nothing."""
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        if not re.match(r"https?:|mailto:|\.\./\.\./actions", link):
            place, _, heading = link.partition("#")
            yield (document.parent / place if place else document), heading


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    for place, heading in links(document):
        assert place.exists(), f"{name_of(document)} links to {place}"
        if heading:
            assert heading in headings(place), f"{name_of(document)} links to {place}#{heading}"

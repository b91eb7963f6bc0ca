"""What is installed with the package, and how a message says it."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import deblur
from deblur import extras

ROOT = Path(__file__).parents[1]
FROM_TORCH = {"timm", "torch"}
"""What the page and the harness use of the extra `torch`; the rest of it exports."""


def name_of(requirement: str) -> str:
    return re.split(r"[<>=\[ ]", requirement)[0]


def project() -> dict[str, Any]:
    parsed: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return parsed


def others(requirements: list[str]) -> set[str]:
    return {each for each in requirements if name_of(each) != "deblur-arena"}


def test_a_space_installs_the_core_the_page_and_the_harness() -> None:
    optional = project()["optional-dependencies"]
    torch = {each for each in optional["torch"] if name_of(each) in FROM_TORCH}
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert len(listed) == len({*listed})
    assert {*listed} == {
        *project()["dependencies"],
        *others(optional["page"]),
        *others(optional["bench"]),
        *torch,
    }


def locked() -> dict[str, list[str]]:
    """From packages to the lines of their versions, with the hashes below each."""
    text = (ROOT / "requirements-page.txt").read_text().replace("\\\n", "")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.lstrip().startswith("#"):
            found.setdefault(name_of(line), []).append(line)
    return found


def test_the_locked_install_has_all_that_the_page_needs_in_versions_that_are_allowed() -> None:
    lines = locked()
    for text in (*project()["dependencies"], *project()["optional-dependencies"]["page"]):
        wanted = Requirement(text)
        versions = [Requirement(line.partition(" ")[0]) for line in lines[wanted.name]]
        for each in versions:
            (pinned,) = each.specifier
            assert pinned.operator == "=="
            assert pinned.version in wanted.specifier
    assert all("--hash=sha256:" in line for each in lines.values() for line in each)
    assert not any("://" in line for each in lines.values() for line in each)


def test_the_version_is_written_in_one_place() -> None:
    assert project()["dynamic"] == ["version"]
    assert version("deblur-arena") == deblur.__version__


def test_in_a_checkout_an_extra_is_installed_from_there() -> None:
    assert extras.how_to_install("page") == f"`pip install -e '.[page]'` in {ROOT}"


def test_elsewhere_it_is_installed_with_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_ROOT", tmp_path)
    sentence = extras.lack_of("training", "abacus", "json", "tally", extra="train")
    assert sentence == (
        "training needs abacus, tally, which are not installed: `pip install 'FILE.whl[train]'`, "
        "with the wheel that Deblur Arena came in"
    )


def test_what_is_here_is_not_lacking() -> None:
    assert extras.lack_of("reading", "json", "csv", extra="train") == ""


def test_without_an_extra_the_package_itself_is_named() -> None:
    assert extras.lack_of("--track trackio", "abacus").endswith(
        "not installed: `pip install abacus`"
    )

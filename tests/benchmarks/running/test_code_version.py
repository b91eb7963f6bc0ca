"""A run goes on only where the same code made what is finished."""

from pathlib import Path

import pytest

from benchmarks.running.code_version import digest_of_code

VERSIONS = {"numpy": "2.1"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("score.py", "running/align.py", "cli/words.py"):
        path = tmp_path / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    return tmp_path / "package"


def test_another_source_or_library_is_another_version(root: Path) -> None:
    found = {digest_of_code([root], VERSIONS), digest_of_code([root], {"numpy": "2.2"})}
    (root / "running" / "align.py").write_text("2")
    found.add(digest_of_code([root], VERSIONS))
    (root / "running" / "align.py").rename(root / "running" / "aligned.py")
    found.add(digest_of_code([root], VERSIONS))
    assert len(found) == 4


def test_what_the_restorer_does_not_stand_on_makes_no_difference(root: Path) -> None:
    before = digest_of_code([root], VERSIONS)
    (root / "cli" / "words.py").write_text("2")
    (root / "score.pyc").write_text("2")
    assert digest_of_code([root], VERSIONS) == before

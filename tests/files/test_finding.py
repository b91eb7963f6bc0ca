"""Folders as they come from sticks and network drives."""

from pathlib import Path

import pytest

from deblur.files import files_below

STICK = (
    "a.jpg",
    "deep/b.jpg",
    "._a.jpg",
    ".DS_Store",
    ".thumbnails/a.jpg",
    "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg",
    "__MACOSX/._a.jpg",
    "__MACOSX/deep/b.jpg",
    "deep/#recycle/c.jpg",
    "$RECYCLE.BIN/d.jpg",
    "System Volume Information/e.jpg",
)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    for name in STICK:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_what_systems_leave_is_set_aside(stick: Path) -> None:
    assert files_below(stick) == [stick / "a.jpg", stick / "deep" / "b.jpg"]


@pytest.mark.parametrize("folder", [".thumbnails", "__MACOSX/deep", "deep/#recycle"])
def test_a_folder_that_is_named_is_taken(stick: Path, folder: str) -> None:
    assert len(files_below(stick / folder)) == 1


def test_a_name_that_only_looks_like_one_is_kept(tmp_path: Path) -> None:
    for name in ("macosx.png", "eaDir.png", "a.b.png", "recycle.png"):
        (tmp_path / name).write_bytes(b"")
    assert len(files_below(tmp_path)) == 4

"""Files are there as a whole or not at all, and a name is taken once."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from deblur.files import create_once, creating, replace_file, replacing


def test_a_failure_leaves_what_stood_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")

    def fail_half_way() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_text() == "before"
    assert [*tmp_path.iterdir()] == [path]


def test_folders_are_made_and_the_suffix_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "model.onnx"
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".onnx"
        assert temporary.name.startswith(".")
        temporary.write_bytes(b"content")
    assert path.read_bytes() == b"content"
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize("durable", [False, True])
def test_what_is_replaced_hands_its_mode_on(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    path.chmod(0o604)
    replace_file(path, "after", durable=durable)
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    assert create_once(tmp_path / "a", "text")
    replace_file(tmp_path / "b", b"bytes")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("other", "a", "b")}
    assert len(modes) == 1


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "a.txt", tmp_path / "link.txt"
    target.write_text("before")
    link.symlink_to(target)
    replace_file(link, "after")
    assert link.is_symlink()
    assert target.read_text() == "after"


@pytest.mark.parametrize("write", [replace_file, create_once])
def test_a_file_where_a_folder_must_be_is_not_taken_for_the_file(
    tmp_path: Path, write: Callable[[Path, str], object]
) -> None:
    (tmp_path / "folder").write_text("in the way")
    with pytest.raises(NotADirectoryError, match=r"folder'$"):
        write(tmp_path / "folder" / "a.txt", "text")


@pytest.mark.parametrize("write", [partial(replace_file, durable=True), create_once])
def test_what_must_last_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, write: Callable[[Path, str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    there: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda handle: there.append(path.exists()))
    write(path, "text")
    assert there == [False, True]  # the content, then the name


def test_what_need_not_last_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", None)
    replace_file(tmp_path / "a.txt", "text")
    assert (tmp_path / "a.txt").read_text() == "text"


def no_links(*args: object, **kwargs: object) -> None:
    raise OSError(95, "Operation not supported")


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_of_many_writers_one_is_first(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    with ThreadPoolExecutor(8) as pool:
        for turn in range(20):
            path = tmp_path / f"{turn}.txt"
            first = [*pool.map(lambda n, path=path: create_once(path, str(n)), range(8))]
            assert sum(first) == 1
            assert path.read_text() == str(first.index(True))
    assert not [*tmp_path.glob(".*.part*")]


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_came_up_meanwhile_stays(
    tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "a.txt"

    def write_while_another_does() -> None:
        with creating(path) as temporary:
            temporary.write_text("mine")
            path.write_text("theirs")

    with pytest.raises(FileExistsError):
        write_while_another_does()
    assert path.read_text() == "theirs"

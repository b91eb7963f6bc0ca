"""A result's place is checked and held before the work, and taken once."""

import os
from pathlib import Path
from threading import Thread

import pytest

from deblur.errors import OutputError, OutputExistsError
from deblur.image_io import held_place


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_what_is_written_takes_the_name_and_leaves_nothing_else(tmp_path: Path) -> None:
    with held_place(tmp_path / "a.png") as unfinished:
        unfinished.write_bytes(b"whole")
        assert not (tmp_path / "a.png").exists()
    assert (tmp_path / "a.png").read_bytes() == b"whole"
    assert names(tmp_path) == ["a.png"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with held_place(tmp_path / "a.png") as unfinished:
            unfinished.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(tmp_path) == []


def enter(path: Path, *, overwrite: bool = False) -> None:
    with held_place(path, overwrite=overwrite):
        raise AssertionError("the work began")


def test_what_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "there.png").write_bytes(b"theirs")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere")
    for name in ("there.png", "dangling.png", "folder.png"):
        with pytest.raises(OutputExistsError, match="is there already"):
            enter(tmp_path / name)
    with pytest.raises(OutputError, match="is a folder"):
        enter(tmp_path / "folder.png", overwrite=True)
    with pytest.raises(OutputError, match="there is no folder"):
        enter(tmp_path / "missing" / "a.png")


def test_a_closed_folder_is_said_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OutputError, match=r"cannot be written \(Permission denied\)"):
        enter(tmp_path / "a.png")


@pytest.mark.parametrize("overwrite", [False, True])
def test_nobody_else_gets_the_name_meanwhile(tmp_path: Path, overwrite: bool) -> None:
    found: list[BaseException | None] = []

    def other() -> None:
        try:
            enter(tmp_path / "a.png", overwrite=overwrite)
        except BaseException as error:
            found.append(error)

    with held_place(tmp_path / "a.png", overwrite=overwrite) as unfinished:
        unfinished.write_bytes(b"mine")
        thread = Thread(target=other)
        thread.start()
        thread.join()
        with held_place(tmp_path / "b.png") as another:
            another.write_bytes(b"beside")
    assert isinstance(found[0], OutputExistsError)
    assert "another run is writing" in str(found[0])
    assert (tmp_path / "a.png").read_bytes() == b"mine"
    assert names(tmp_path) == ["a.png", "b.png"]


def test_a_file_that_came_up_meanwhile_stays(tmp_path: Path) -> None:
    def work() -> None:
        with held_place(tmp_path / "a.png") as unfinished:
            unfinished.write_bytes(b"mine")
            (tmp_path / "a.png").write_bytes(b"theirs")

    with pytest.raises(OutputExistsError):
        work()
    assert (tmp_path / "a.png").read_bytes() == b"theirs"
    assert names(tmp_path) == ["a.png"]


def test_overwriting_keeps_the_mode(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"before")
    (tmp_path / "a.png").chmod(0o600)
    with held_place(tmp_path / "a.png", overwrite=True) as unfinished:
        unfinished.write_bytes(b"after")
    assert (tmp_path / "a.png").read_bytes() == b"after"
    assert os.stat(tmp_path / "a.png").st_mode & 0o777 == 0o600  # noqa: PTH116

"""What visitors send and get is deleted: by age, by room, and with the page however it ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from deblur.page.visiting import page_folder
from deblur.page.visiting.page_folder import PREFIX, PageFolder, claim_folder

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageFolder]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    folder = claim_folder(quota=1000)
    yield folder
    folder.remove()


def kept(folder: PageFolder, name: str, size: int = 100) -> Path:
    path = folder.shown / name / "photo.png"
    path.parent.mkdir()
    path.write_bytes(b"x" * size)
    return path


def changed(path: Path) -> float:
    return path.stat().st_ctime


def test_gradio_keeps_its_files_there(folder: PageFolder, tmp_path: Path) -> None:
    assert Path(os.environ["GRADIO_TEMP_DIR"]) == folder.shown
    assert folder.root.parent == tmp_path
    assert folder.root.name.startswith(PREFIX)


def test_what_is_old_goes_and_so_does_its_folder(folder: PageFolder) -> None:
    path = kept(folder, "old")
    folder.sweep()
    assert path.is_file()
    assert folder.sweep(lambda: time.time() + 3601) == 0
    assert not path.parent.exists()
    assert folder.shown.is_dir()


def test_the_oldest_goes_where_there_is_too_much(folder: PageFolder) -> None:
    paths = []
    for number in range(3):
        paths.append(kept(folder, f"{number}", 600))
        while number and changed(paths[-1]) == changed(paths[-2]):
            paths[-1].write_bytes(b"x" * 600)
    assert folder.sweep(lambda: time.time() + 301) == 600
    assert [path.is_file() for path in paths] == [False, False, True]


def test_nothing_goes_that_somebody_still_looks_at(folder: PageFolder) -> None:
    path = kept(folder, "new", 1200)
    assert folder.sweep() == 1200
    assert path.is_file()
    assert not folder.has_room(1)


def test_room_is_what_quota_and_disk_leave(
    folder: PageFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(folder, "a", 600)
    assert folder.has_room(400)
    assert not folder.has_room(401)
    monkeypatch.setattr(page_folder, "RESERVE_BYTES", 10**18)
    assert not folder.has_room(1)


def test_the_pages_own_files_stay(folder: PageFolder) -> None:
    own = kept(folder, "example", 100)
    folder.sweep_often(3600)
    folder.sweep(lambda: time.time() + 10**6)
    assert own.is_file()


def test_a_folder_that_is_held_stays_and_others_go(folder: PageFolder, tmp_path: Path) -> None:
    left = tmp_path / f"{PREFIX}dead"
    (left / "shown").mkdir(parents=True)
    (left / "shown" / "photo.png").write_bytes(b"x")
    other = tmp_path / "somebody's"
    other.mkdir()
    os.environ["GRADIO_TEMP_DIR"] = str(tmp_path)
    second = claim_folder()
    try:
        assert not left.exists()
        assert folder.shown.is_dir()
        assert other.is_dir()
    finally:
        second.remove()
    assert not second.root.exists()


@contextmanager
def page(base: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`python app.py` as a process of its own, and its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(base), "PORT": port}
    environment.pop("TMPDIR", None)
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().partition(": ")[2].strip()
    finally:
        process.kill()
        process.wait()


def sent(address: str, base: Path) -> Path:
    """A photo that was uploaded, on the disk."""
    answer = httpx.post(f"{address}gradio_api/upload", files={"files": ("mine.jpg", b"photo")})
    path = Path(answer.raise_for_status().json()[0])
    assert path.is_relative_to(base)
    assert httpx.get(f"{address}gradio_api/file={path}").content == b"photo"
    return path


def pages_in(base: Path) -> list[Path]:
    return [*base.glob(f"{PREFIX}*")]


def test_photos_are_deleted_when_the_page_is_shut_down_or_killed(tmp_path: Path) -> None:
    """With SIGTERM at once; after kill -9 when a page starts again, which never served them."""
    with page(tmp_path) as (process, address):
        photo = sent(address, tmp_path)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not photo.exists()
        assert pages_in(tmp_path) == []
    with page(tmp_path) as (process, address):
        photo = sent(address, tmp_path)
        process.kill()
        process.wait(60)
        assert photo.exists()
    with page(tmp_path) as (_, address):
        assert not photo.exists()
        assert len(pages_in(tmp_path)) == 1
        assert httpx.get(f"{address}gradio_api/file={photo}").status_code == 403

"""Restored pictures in a zip: what is unpacked, and what does no harm."""

import io
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.datasets import MINI
from benchmarks.datasets.manifest import read_manifest
from deblur.files import ArchiveLimits
from deblur.records.run_result import RunResult
from leaderboard.errors import HarnessError, SubmissionError
from leaderboard.intake import pictures
from leaderboard.intake.pictures import score_pictures, scored_datasets, unpack

MANIFEST = read_manifest("mini")
assert MANIFEST is not None
IDS = [each.id for each in MANIFEST.images]
PNG = b"\x89PNG, or so"


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def whole(**changes: bytes) -> dict[str, bytes]:
    return {f"{id}.png": PNG for id in IDS} | changes


def complaint(call: Callable[[], Any]) -> str:
    with pytest.raises(SubmissionError) as refused:
        call()
    return str(refused.value)


@pytest.mark.parametrize("folder", ["", "restored/"])
def test_pictures_lie_under_their_ids(tmp_path: Path, folder: str) -> None:
    members = {f"{folder}{name}": content for name, content in whole().items()}
    archive = zipped(
        tmp_path / "a.zip",
        members | {"__MACOSX/x": b"", f"{folder}.DS_Store": b"", f"{folder}.": b""},
    )
    unpack(archive, tmp_path / "out", "mini")
    found = {
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")
    }
    assert found == {*whole()}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "none in this zip"),
        ({"../outside.png": PNG}, "leads out of the archive"),
        ({"/etc/x.png": PNG}, "leads out of the archive"),
        ({"x//etc/x.png": PNG}, "leads out of the archive"),
        ({"x/./x.png": PNG}, "leads out of the archive"),
        ({"a\\..\\..\\x.png": PNG}, "leads out of the archive"),
        ({"C:x.png": PNG}, "leads out of the archive"),
        ({"evil.html": b"<script>"}, "is no picture"),
        ({"model.pkl": b""}, "is no picture"),
        ({f"{IDS[0]}.png": PNG}, f"{len(IDS) - 1} are missing"),
        (whole(**{f"{IDS[0]}.png/in.png": PNG}), "no ids of the dataset"),
        (whole(**{"another.png": PNG}), "1 are no ids of the dataset (another)"),
    ],
)
def test_what_does_not_belong_is_named_and_nothing_is_written(
    tmp_path: Path, members: dict[str, bytes], said: str
) -> None:
    archive = zipped(tmp_path / "a.zip", members)
    folder = tmp_path / "inner" / "out"
    folder.mkdir(parents=True)
    assert said in complaint(lambda: unpack(archive, folder, "mini"))
    assert {path.name for path in tmp_path.rglob("*")} == {"a.zip", "inner", "out"}


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"../x.png": PNG, "evil.html": b""})
    said = complaint(lambda: unpack(archive, tmp_path, "mini"))
    assert all(each in said for each in ("leads out", "is no picture", "are missing"))


@pytest.mark.parametrize(
    "names", [("a.png", "a.png/b.png"), (f"{'x' * 300}.png",)], ids=["file and folder", "long"]
)
def test_names_that_no_disk_takes_are_told(tmp_path: Path, names: tuple[str, ...]) -> None:
    archive = zipped(tmp_path / "a.zip", dict.fromkeys(names, PNG))
    assert "cannot be unpacked" in complaint(lambda: unpack(archive, tmp_path / "out", "gopro"))


def test_a_link_is_no_picture(tmp_path: Path) -> None:
    link = zipfile.ZipInfo(f"{IDS[0]}.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "is not a regular file" in complaint(
        lambda: unpack(tmp_path / "a.zip", tmp_path, "mini")
    )


def test_a_bomb_is_refused_before_it_unpacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ArchiveLimits(members=100, bytes=1_000_000, bytes_each=500_000)
    monkeypatch.setattr(pictures, "LIMITS", small)
    archive = zipped(tmp_path / "a.zip", whole(**{f"{id}.png": bytes(600_000) for id in IDS}))
    assert archive.stat().st_size < 50_000
    said = complaint(lambda: unpack(archive, tmp_path / "out", "mini"))
    assert "1,000,000 are allowed" in said
    assert "more than 500,000 bytes" in said
    assert not (tmp_path / "out").exists()


def test_damage_on_the_way_is_said(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", whole())
    with zipfile.ZipFile(archive) as opened:
        first = opened.infolist()[0]
    content = bytearray(archive.read_bytes())
    start = first.header_offset + 30 + len(first.filename)
    content[start : start + 8] = b"\xff" * 8
    archive.write_bytes(content)
    assert "not in a zip that can be read" in complaint(lambda: unpack(archive, tmp_path, "mini"))


def test_a_bomb_that_lies_about_its_size_stops_there(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in whole():
            archive.writestr(name, bytes(100_000))
    lying = stream.getvalue().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "a.zip").write_bytes(lying)
    said = complaint(lambda: unpack(tmp_path / "a.zip", tmp_path / "out", "mini"))
    assert "not in a zip that can be read" in said
    assert sum(each.stat().st_size for each in (tmp_path / "out").rglob("*")) < 100_000


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(pictures.LIMITS, members=10)
    monkeypatch.setattr(pictures, "LIMITS", small)
    archive = zipped(tmp_path / "a.zip", whole())
    assert "10 are allowed" in complaint(lambda: unpack(archive, tmp_path / "out", "mini"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", PNG, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    complaint(lambda: unpack(tmp_path / "a.zip", tmp_path / "out", "mini"))


def test_names_are_checked_before_anything_is_opened(tmp_path: Path) -> None:
    said = complaint(lambda: score_pictures(tmp_path / "none.zip", "<b>", "gopro", {"mini": None}))
    assert "model: has < or >" in said
    assert "dataset: is gopro; the board scores pictures of mini" in said


def test_what_the_harness_finds_wrong_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(options: list[str], quiet: bool) -> RunResult:
        folder = options[-1].partition("=")[2]
        raise HarnessError(f"{folder}/{IDS[0]}.png is damaged")

    monkeypatch.setattr(pictures, "run_harness", fail)
    archive = zipped(tmp_path / "a.zip", whole())
    said = complaint(lambda: score_pictures(archive, "mine", "mini", {"mini": None}))
    assert said == f"pictures: {IDS[0]}.png is damaged"


def test_pictures_are_scored_by_the_harness(tmp_path: Path) -> None:
    members = {f"{id}.webp": (MINI / "blur" / f"{id}.webp").read_bytes() for id in IDS}
    archive = zipped(tmp_path / "a.zip", members)
    record = score_pictures(archive, "mine", "mini", {"mini": None})
    assert (record.model.name, record.model.kind) == ("mine", "pictures")
    assert record.means["psnr"].value == pytest.approx(24.47, abs=0.01)
    assert str(tmp_path) not in record.to_json()


def test_the_embedded_dataset_and_those_of_the_setting_can_be_scored(tmp_path: Path) -> None:
    embedded = {"mini": None, "mini-focus": None, "mini-wide": None}
    assert scored_datasets() == embedded
    assert scored_datasets(f"gopro={tmp_path}") == {**embedded, "gopro": tmp_path}
    for wrong in ("gopro=/nowhere/at/all", f"nothing={tmp_path}", "gopro"):
        with pytest.raises(ValueError, match="NAME=FOLDER"):
            scored_datasets(wrong)


@pytest.mark.parametrize("dataset", ["mini", "gopro"])
@pytest.mark.parametrize("inner", ["{outside}/stolen.png", "../stolen.png", "a/../../stolen.png"])
def test_one_shared_folder_hides_no_way_out(tmp_path: Path, dataset: str, inner: str) -> None:
    """The shared top folder is taken off first, so what is left of a path may be absolute."""
    outside, folder = tmp_path / "outside", tmp_path / "inner" / "out"
    outside.mkdir()
    members = {f"x/{inner.format(outside=outside)}": PNG}
    archive = zipped(tmp_path / "a.zip", members)
    assert "leads out of the archive" in complaint(lambda: unpack(archive, folder, dataset))
    assert not [*tmp_path.rglob("stolen.png")]


def test_a_picture_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"S/000001.png": PNG, "s/000001.PNG": PNG})
    assert "occurs twice" in complaint(lambda: unpack(archive, tmp_path / "out", "gopro"))
    archive = zipped(tmp_path / "b.zip", {"S/000001.png": PNG, "S/000001.jpg": PNG})
    assert "several files each" in complaint(lambda: unpack(archive, tmp_path / "out", "gopro"))

"""Archives of strangers: bounded before they are read, and written below one folder only."""

import zipfile
from pathlib import Path

import pytest

from deblur.files import ArchiveLimits, Placement, is_inner_path, list_members, unpack_members

LIMITS = ArchiveLimits(members=5, bytes=1000, bytes_each=600)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def placed(archive: Path) -> list[Placement]:
    return [Placement(each, each.filename) for each in list_members(archive, LIMITS)]


@pytest.mark.parametrize(
    "path", ["", "/a", "//a", "a//b", "a/", "./a", "a/./b", "../a", "a/..", "a\\b", "C:a", "a\0b"]
)
def test_paths_that_lead_elsewhere(path: str) -> None:
    assert not is_inner_path(path)


@pytest.mark.parametrize("path", ["a", "a/b.png", "..a", "a..b/c", ".hidden", "ä b/写.png"])
def test_paths_that_stay(path: str) -> None:
    assert is_inner_path(path)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "outside")
    archive = zipped(tmp_path / "a.zip", {"first.png": b"1", "link/a.png": b"2"})
    with pytest.raises(zipfile.BadZipFile, match=r"link/a\.png has a path that leads out"):
        unpack_members(archive, placed(archive), folder, LIMITS)
    assert [*folder.iterdir()] == [folder / "link"]
    assert not [*(tmp_path / "outside").iterdir()]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({f"{n}": b"" for n in range(6)}, "too many: 6, and 5 are allowed"),
        ({"a": bytes(500), "b": bytes(501)}, "unpack to 1,001 bytes, and 1,000 are allowed"),
        ({"a": bytes(601)}, "more than 600 bytes"),
        ({"a.png": b"", "A.PNG": b""}, "occurs twice"),
    ],
)
def test_limits_hold_before_anything_is_written(
    tmp_path: Path, members: dict[str, bytes], said: str
) -> None:
    archive = zipped(tmp_path / "a.zip", members)
    with pytest.raises(zipfile.BadZipFile, match=said):
        unpack_members(archive, placed(archive), tmp_path / "out", LIMITS)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("zip64", [False, True])
def test_a_directory_of_many_empty_files_is_not_even_read(
    tmp_path: Path, zip64: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if zip64:
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    archive = zipped(tmp_path / "a.zip", {f"{n:08}": b"" for n in range(200)})
    monkeypatch.setattr("deblur.files.unpacking.ZipFile", None)
    with pytest.raises(zipfile.BadZipFile, match="more than 5 files need"):
        list_members(archive, LIMITS)


def test_an_archive_of_zip64_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    archive = zipped(tmp_path / "a.zip", {"a": b"1", "b": b"2"})
    unpack_members(archive, placed(archive), tmp_path / "out", LIMITS)
    assert (tmp_path / "out" / "b").read_bytes() == b"2"

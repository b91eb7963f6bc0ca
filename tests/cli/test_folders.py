"""Folders as people have them: what systems leave in them, names that clash, names with dots."""

from pathlib import Path

import pytest

from tests.cli.command_line import files_in, picture, restore


def test_what_a_mac_or_a_nas_leaves_is_left_alone(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    picture(stick / "a.jpg")
    for name in ("._a.jpg", "__MACOSX/._a.jpg", "__MACOSX/a.jpg"):
        (stick / name).parent.mkdir(exist_ok=True)
        (stick / name).write_bytes(b"\0\5\x16\7 no picture")
    picture(stick / ".thumbnails" / "a.jpg")
    picture(stick / "@eaDir" / "a.jpg" / "SYNOPHOTO_THUMB_M.jpg")
    done = restore(stick, "-o", tmp_path / "out")
    assert (done.code, files_in(tmp_path / "out")) == (0, ["a.jpg"])
    named = restore(stick / ".thumbnails", "-o", tmp_path / "named")
    assert (named.code, files_in(tmp_path / "named")) == (0, ["a.jpg"])


@pytest.mark.parametrize("beside", [True, False])
def test_a_clash_touches_only_the_photos_that_clash(tmp_path: Path, beside: bool) -> None:
    roll = tmp_path / "roll"
    originals = ["IMG_1.bmp", "IMG_1.png", "IMG_2.jpg"]
    for name in originals:
        picture(roll / name)
    options = () if beside else ("-o", tmp_path / "out")
    assert restore(roll, *options).code == 0
    mark = "-deblurred" if beside else ""
    expected = [f"IMG_1-bmp{mark}.png", f"IMG_1-png{mark}.png", f"IMG_2{mark}.jpg"]
    found = files_in(roll) if beside else files_in(tmp_path / "out")
    assert sorted(found) == sorted(expected + (originals if beside else []))
    again = restore(roll, *options)
    assert (again.code, again.err.strip()) == (0, "3 were there already")


@pytest.mark.parametrize(
    ("names", "options", "expected"),
    [
        (("x/a.png", "y/a.png"), (), ["a-x.png", "a-y.png"]),
        (("x/a.png", "y/a.jpg"), ("--format", "png"), ["a-jpg.png", "a-png.png"]),
        (("p/x/a.png", "q/x/a.png"), (), ["a-1.png", "a-2.png"]),
        (("x/a.png", "y/a.png", "z/a-x.png"), (), ["a-x-1.png", "a-x-2.png", "a-y.png"]),
        (("x/a.png", "x/a.png"), (), ["a.png"]),
    ],
)
def test_two_photos_never_become_one(
    tmp_path: Path, names: tuple[str, ...], options: tuple[str, ...], expected: list[str]
) -> None:
    inputs = [picture(tmp_path / name, seed) for seed, name in enumerate(names)]
    done = restore(*inputs, "-o", tmp_path / "out", *options)
    assert (done.code, files_in(tmp_path / "out")) == (0, expected)


def test_a_photo_that_would_be_replaced_does_not_stop_the_rest(tmp_path: Path) -> None:
    kept = picture(tmp_path / "out" / "a.png").read_bytes()
    other = picture(tmp_path / "b.png")
    done = restore(tmp_path / "out" / "a.png", other, "-o", tmp_path / "out", "--overwrite")
    assert done.code == 1
    assert "a.png is one of the originals" in done.err
    assert "1 of 2 photos restored" in done.err
    assert files_in(tmp_path / "out") == ["a.png", "b.png"]
    assert (tmp_path / "out" / "a.png").read_bytes() == kept


@pytest.mark.parametrize("as_folder", [True, False])
def test_dots_in_names_without_an_ending_are_kept(tmp_path: Path, as_folder: bool) -> None:
    folder = tmp_path / "dots"
    names = ("2024.05.06 Quay", "v1.1", "v1.2")
    photos = [picture(tmp_path / "a.jpg").rename(_in(folder, name)) for name in names]
    (folder / "README").write_text("no photo")
    inputs = [folder] if as_folder else photos
    assert restore(*inputs, "-o", tmp_path / "out").code == 0
    assert files_in(tmp_path / "out") == [f"{name}.jpg" for name in names]
    assert restore(*inputs).code == 0
    assert (folder / "2024.05.06 Quay-deblurred.jpg").is_file()


def _in(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    return folder / name

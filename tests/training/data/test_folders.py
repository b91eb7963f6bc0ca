"""Where training data lies: folders, GoPro's layout, test sets, shares, archives."""

import json
from itertools import chain
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deblur.errors import TrainingDataError
from deblur.training.config import SourceConfig
from deblur.training.data.folders import Item, gopro_variant, list_gopro, list_items
from deblur.training.data.photos import decode
from deblur.training.data.split import _by_group, scene_of, split_source, taken, write_split
from deblur.training.presets import describe
from deblur.training.tree import DataFile, kind_of
from tests.training.data.folders import SEQUENCES, list_photos, source, touch, write
from tests.training.runs import tiny_run


def list_pairs(folder: Path) -> list[Item]:
    return list_items(SourceConfig("pairs", str(folder)))


def test_photos_are_found_below_a_folder(tmp_path: Path) -> None:
    touch(tmp_path / "b.JPG", tmp_path / "a" / "c.webp", tmp_path / "notes.txt")
    assert [photo.name for photo in list_photos(tmp_path)] == ["a/c.webp", "b.JPG"]
    with pytest.raises(TrainingDataError, match="none is not a folder"):
        list_photos(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingDataError, match="empty holds no photo"):
        list_photos(tmp_path / "empty")


def test_frames_follow_their_numbers(tmp_path: Path) -> None:
    touch(*(tmp_path / f"frame{number}.png" for number in range(1, 13)))
    touch(*(tmp_path / f"padded-{number:04}.png" for number in range(3)))
    names = [frame.name for (frame,) in list_items(SourceConfig("frames", str(tmp_path)))]
    assert names == [f"frame{number}.png" for number in range(1, 13)] + [
        f"padded-{number:04}.png" for number in range(3)
    ]


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere" / "a.png", tmp_path / "photos" / "b.png")
    (tmp_path / "photos" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "photos")
    names = [photo.name for photo in list_photos(tmp_path / "photos")]
    assert names == ["b.png", "linked/a.png"]


def test_grey_of_16_bits_is_scaled_and_not_cut_off(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    pixels = decode(DataFile(tmp_path, "ramp.png"))
    assert pixels.shape == (16, 16, 3)
    np.testing.assert_array_equal(pixels[..., 0].ravel(), np.arange(256))


@pytest.mark.parametrize("kind", ["bomb", "damaged member", "unknown compression"])
def test_what_cannot_be_read_is_named_whatever_is_raised(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "photos"
    write(root / "a.png", 200, 200)
    if kind == "bomb":
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    else:
        archive = tmp_path / "photos.zip"
        with ZipFile(archive, "w", ZIP_DEFLATED) as opened:
            opened.write(root / "a.png", "a.png")
        data = bytearray(archive.read_bytes())
        if kind == "damaged member":
            data[40:80] = bytes(40)
        else:
            data[8] = data[data.index(b"PK\x01\x02") + 10] = 9
        archive.write_bytes(data)
        root = archive
    photo = DataFile(root, "a.png")
    assert taken(photo) is None
    with pytest.raises(TrainingDataError, match=r"a\.png: cannot be read as a photo"):
        decode(photo)


def test_gopro_that_lies_elsewhere_is_told_by_its_name(gopro: Path) -> None:
    here, gone = tiny_run(source("gopro", gopro)), tiny_run(source("gopro", Path("/gone/GoPro")))
    assert describe(here)["data"] == "100% gopro `GOPRO_Large` (blur_gamma)"
    assert describe(gone)["data"] == "100% gopro `GoPro`"


def test_a_picture_without_partner_is_named(tmp_path: Path) -> None:
    touch(tmp_path / "blur" / "1.png", tmp_path / "sharp" / "1.png", tmp_path / "sharp" / "2.png")
    with pytest.raises(TrainingDataError, match=r"sharp/2\.png has no partner"):
        list_pairs(tmp_path)
    (tmp_path / "sharp" / "2.png").unlink()
    assert [tuple(map(str, pair)) for pair in list_pairs(tmp_path)] == [
        (f"{tmp_path}/blur/1.png", f"{tmp_path}/sharp/1.png")
    ]


def test_kinds_are_told_by_what_lies_there(tmp_path: Path) -> None:
    touch(tmp_path / "pairs" / "blur" / "1.png", tmp_path / "photos" / "train" / "1.png")
    assert kind_of(tmp_path / "pairs") == "pairs"
    assert kind_of(tmp_path / "photos") == "photos"
    assert kind_of(tmp_path / "nowhere") == "photos"


def test_gopro_is_read_in_its_official_layout(gopro: Path) -> None:
    assert kind_of(gopro) == "gopro"
    pairs = list_items(source("gopro", gopro))
    assert len(pairs) == 6
    assert [file.name for file in pairs[0]] == [
        "train/GOPR0372_07_00/blur_gamma/000047.png",
        "train/GOPR0372_07_00/sharp/000047.png",
    ]
    assert len(list_gopro(gopro, "test", "blur")) == 1
    assert gopro_variant(gopro) == "blur_gamma"


def test_an_incomplete_gopro_is_refused_with_both_numbers(gopro: Path) -> None:
    for folder in ("blur", "blur_gamma", "sharp"):
        (gopro / "train" / SEQUENCES[0] / folder / "000047.png").unlink()
    with pytest.raises(TrainingDataError, match=r"holds 5 pairs, .* train part has 6.*pairs:"):
        list_items(source("gopro", gopro))


def test_one_kind_of_blur_is_learnt_from_gopro(gopro: Path) -> None:
    def drop(sequence: str, folder: str) -> None:
        for path in (gopro / "train" / sequence / folder).iterdir():
            path.unlink()

    drop(SEQUENCES[0], "blur_gamma")
    assert gopro_variant(gopro) == "blur"
    drop(SEQUENCES[1], "blur")
    with pytest.raises(TrainingDataError, match=r"GOPR0374_11_01 has no blur/ and GOPR0372_07_00"):
        gopro_variant(gopro)


@pytest.mark.parametrize("inner", ["", "test", "test/GOPR0384_11_00"])
def test_the_test_part_of_gopro_is_not_learnt(gopro: Path, inner: str) -> None:
    with pytest.raises(TrainingDataError, match="test part of GoPro, which is for testing only"):
        list_items(source("photos", gopro / inner))
    with pytest.raises(TrainingDataError, match=r"layout|testing only"):
        list_items(source("gopro", gopro / "test"))


@pytest.mark.parametrize(
    "names",
    [
        [f"any/text_0{image}_kernel_0{kernel}.png" for image in (1, 2) for kernel in (1, 2)],
        [f"saturated_01_gyro_0{number}.webp" for number in (1, 2, 3)],
        [f"{kind}_01.png" for kind in ("manmade", "natural", "people", "text")],
        [f"{name}.jpg" for name in ("Pantheon", "harubang", "ian1", "mukta", "pietro", "x")],
        ["lai/real/a.jpg"],
        ["Lai_et_al_2016/uniform/a.jpg"],
    ],
)
def test_lai_is_known_by_its_names_and_not_learnt(tmp_path: Path, names: list[str]) -> None:
    touch(*(tmp_path / name for name in names))
    with pytest.raises(TrainingDataError, match=r"Lai et al\. 2016, which is for testing only"):
        list_photos(tmp_path)


def test_lai_is_known_in_an_archive_and_by_one_of_its_folders(tmp_path: Path) -> None:
    touch(tmp_path / "lai" / "real" / "a.jpg")
    with pytest.raises(TrainingDataError, match="testing only"):
        list_photos(tmp_path / "lai" / "real")
    with ZipFile(tmp_path / "set.zip", "w") as archive:
        for number in range(1, 4):
            archive.writestr(f"people_01_kernel_0{number}.png", b"")
    with pytest.raises(TrainingDataError, match="testing only"):
        list_photos(tmp_path / "set.zip")


def test_ordinary_folders_are_not_taken_for_lai(tmp_path: Path) -> None:
    names = ["lai/wedding.jpg", "real/a.jpg", "istanbul.jpg", "text_01.png", "blai/real/b.jpg"]
    touch(*(tmp_path / name for name in names))
    assert len(list_photos(tmp_path)) == len(names)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("GOPR0372_07_00-000047", "GOPR0372_07_00"),
        ("scene3_burst01", "scene3"),
        ("kitchen_04", "kitchen"),
        ("GOPR0374_11_00_st_frame-815_n_avg-10", "GOPR0374_11_00_st"),
        *((name, name) for name in ("IMG_1234", "IMG_12", "DSC01234", "_DSC1234", "cid22_330118")),
        *((name, name) for name in ("DSC_0042", "0801", "flickr_0017", "cat", "P1010012")),
    ],
)
def test_scenes_are_told_by_names(stem: str, expected: str) -> None:
    assert scene_of(stem) == expected


def test_bursts_subfolders_and_scenes_are_never_torn_apart(tmp_path: Path) -> None:
    for shot in range(12):
        when = f"2024:05:01 12:{shot // 3:02}:{shot % 3 * 9:02}"
        write(tmp_path / "flat" / f"IMG_{shot:04}.jpg", when=when)
    for number in range(60):
        touch(tmp_path / "flat" / f"scene{number // 5}-{number:06}.png")
        touch(tmp_path / "deep" / f"{number // 5}" / f"{number}.png")
    for folder in ("flat", "deep"):
        shares = split_source(source("photos", tmp_path / folder))
        where = {item[0].name: share for share, items in shares.items() for item in items}
        assert len(where) == sum(map(len, shares.values())) == (72 if folder == "flat" else 60)
        for number in range(60):
            names = [f"scene{number // 5}-{each:06}.png" for each in (number, number // 5 * 5)]
            if folder == "deep":
                names = [f"{number // 5}/{each}.png" for each in (number, number // 5 * 5)]
            assert where[names[0]] == where[names[1]]
        if folder == "flat":
            bursts = [
                {where[f"IMG_{shot:04}.jpg"] for shot in range(n, n + 3)} for n in (0, 3, 6, 9)
            ]
            assert all(len(burst) == 1 for burst in bursts)


def test_sequences_of_gopro_stay_together(gopro: Path) -> None:
    shares = split_source(source("gopro", gopro))
    seen = [{item[0].name.split("/")[1] for item in items} for items in shares.values()]
    assert sum(map(len, seen)) == len(SEQUENCES)


@given(st.sets(st.text("abcdef", min_size=1), min_size=2, max_size=40), st.text("xyz", min_size=1))
def test_shares_are_whole_and_stay_when_photos_are_added(names: set[str], added: str) -> None:
    groups = {name: [(DataFile(Path(), name),)] for name in names}
    shares = _by_group(groups)
    assert shares["train"]
    assert shares["validation"]
    assert sorted(chain(*shares.values())) == sorted(chain(*groups.values()))
    if len(names) > 30:
        more = _by_group(groups | {added: [(DataFile(Path(), added),)]})
        assert all({*shares[share]} <= {*more[share]} for share in shares)


def test_shares_are_about_seven_two_and_one(tmp_path: Path) -> None:
    touch(*(tmp_path / f"DSC{number:05}.png" for number in range(500)))
    shares = split_source(source("photos", tmp_path))
    assert [len(items) for items in shares.values()] == pytest.approx([350, 100, 50], abs=25)


def test_a_clip_is_split_into_stretches_with_gaps(tmp_path: Path) -> None:
    touch(*(tmp_path / f"{number:04}.png" for number in range(400)))
    shares = split_source(source("frames", tmp_path))
    ends = [(int(s[0][0].name[:4]), int(s[-1][0].name[:4])) for s in shares.values()]
    assert ends == [(0, 279), (293, 359), (373, 399)]


def test_too_few_scenes_ask_for_validation(tmp_path: Path) -> None:
    touch(*(tmp_path / f"room_{number:02}.png" for number in range(9)))
    with pytest.raises(TrainingDataError, match="pass --validation"):
        split_source(source("photos", tmp_path))


def test_the_split_is_written_down(tmp_path: Path) -> None:
    touch(*(tmp_path / "in" / f"{number}.png" for number in range(30)))
    write_split(tmp_path / "split.json", [source("photos", tmp_path / "in")])
    (entry,) = json.loads((tmp_path / "split.json").read_text())
    assert entry["kind"] == "photos"
    names = entry["train"] + entry["validation"] + entry["test"]
    assert sorted(names) == sorted(f"{number}.png" for number in range(30))

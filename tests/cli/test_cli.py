"""The command line, as somebody at a terminal or a script meets it."""

import json
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms

from deblur.catalog import CATALOG
from deblur.restoring.guide import GUIDED
from tests.cli.command_line import (
    ENVIRONMENT,
    ON_ONNX,
    deblur,
    files_in,
    picture,
    process,
    restore,
    size_of,
)
from tests.pictures import scene

# --- where photos go -------------------------------------------------------------------------


def test_a_file_becomes_a_file(tmp_path: Path) -> None:
    picture(tmp_path / "in.png")
    done = process("restore", "in.png", "-o", "out.png", *ON_ONNX, cwd=tmp_path)
    assert (done.code, size_of(tmp_path / "out.png")) == (0, (32, 24))
    assert "out.png  srcnn · onnx (CPUExecutionProvider, fp32)" in done.out
    assert files_in(tmp_path) == ["in.png", "out.png"]


def test_folders_and_files_keep_their_structure(tmp_path: Path) -> None:
    for name in ("album/a.png", "album/2024/may/b.JPG", "album/notes.txt", "c.webp"):
        if name.endswith(".txt"):
            (tmp_path / name).write_text("no photo")
        else:
            picture(tmp_path / name)
    done = restore(tmp_path / "album", tmp_path / "c.webp", "-o", tmp_path / "out")
    assert done.code == 0
    assert files_in(tmp_path / "out") == ["2024/may/b.JPG", "a.png", "c.webp"]
    assert "3 of 3 photos restored" in done.err


def test_without_an_output_it_lies_beside_the_original(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "deep" / "b.v2.jpg")
    assert restore(tmp_path).code == 0
    expected = ["a-deblurred.png", "a.png", "deep/b.v2-deblurred.jpg", "deep/b.v2.jpg"]
    assert files_in(tmp_path) == expected


@pytest.mark.parametrize("output", [None, "album/restored"])
def test_results_in_the_folder_are_not_restored_again(tmp_path: Path, output: str | None) -> None:
    picture(tmp_path / "album" / "a.png")
    picture(tmp_path / "album" / "b.jpg")
    arguments = [tmp_path / "album", *(["-o", tmp_path / output] if output else [])]
    assert restore(*arguments).code == 0
    before = files_in(tmp_path)
    again = restore(*arguments, "--overwrite")
    assert (again.code, files_in(tmp_path)) == (0, before)
    assert "2 of 2 photos restored" in again.err


def test_what_is_there_stays_unless_told(tmp_path: Path) -> None:
    photo, there = picture(tmp_path / "a.png"), tmp_path / "out.png"
    there.write_bytes(b"precious")
    refused = restore(photo, "-o", there)
    assert (refused.code, there.read_bytes()) == (1, b"precious")
    assert "out.png is there already" in refused.err
    assert restore(photo, "-o", there, "--overwrite").code == 0
    assert size_of(there) == (32, 24)
    assert files_in(tmp_path) == ["a.png", "out.png"]


@pytest.mark.parametrize("way", ["itself", "its folder", "a link to it", "another input"])
def test_an_original_is_never_replaced(tmp_path: Path, way: str) -> None:
    photo = picture(tmp_path / "photos" / "a.png")
    content = photo.read_bytes()
    (tmp_path / "link.png").symlink_to(photo)
    other = picture(tmp_path / "other" / "a.png", seed=1)
    arguments = {
        "itself": (photo, "-o", photo),
        "its folder": (photo.parent, "-o", photo.parent),
        "a link to it": (photo, "-o", tmp_path / "link.png"),
        "another input": (other, photo, "-o", photo.parent),
    }[way]
    refused = restore(*arguments, "--overwrite")
    assert (refused.code, photo.read_bytes()) == (1, content)
    assert "is one of the originals" in refused.err


def test_several_photos_do_not_fit_one_file(tmp_path: Path) -> None:
    photos = [picture(tmp_path / name) for name in ("a.png", "b.png")]
    refused = restore(*photos, "-o", tmp_path / "out.png")
    assert refused.code == 1
    assert "name a folder" in refused.err


def test_a_format_that_is_not_written_is_refused_before_the_work(tmp_path: Path) -> None:
    refused = restore(tmp_path / "never-read.png", "-o", tmp_path / "out.jxl")
    assert refused.code == 1
    assert ".jxl is not an output format" in refused.err


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    refused = restore(tmp_path)
    assert refused.code == 1
    assert f"{tmp_path} holds no photo" in refused.err


# --- what is kept of a photo -----------------------------------------------------------------


def test_json_is_one_object_a_photo(tmp_path: Path) -> None:
    names = ["a.png", "b.png", "c.png"]
    for name in names:
        picture(tmp_path / name)
    done = restore(tmp_path, "-o", tmp_path / "out", "--json")
    assert done.code == 0
    assert [Path(record["output"]).name for record in done.records] == names
    record = done.records[0]
    assert (record["model"], record["backend"], record["device"]) == ("srcnn", "onnx", "cpu")
    assert (record["width"], record["height"], record["tiles"]) == (32, 24, 1)


def test_the_tile_is_the_one_asked_for(tmp_path: Path) -> None:
    Image.fromarray(scene(150, 100)).save(tmp_path / "a.png")
    tiles = {}
    for tile in (0, 64):
        out = tmp_path / f"{tile}.png"
        done = restore(tmp_path / "a.png", "-o", out, "--tile", tile, "--json")
        tiles[tile] = done.records[0]["tiles"]
    assert tiles[0] == 1
    assert tiles[64] > 2
    whole, tiled = (np.asarray(Image.open(tmp_path / f"{tile}.png"), int) for tile in tiles)
    assert np.abs(whole - tiled).max() <= 1


def test_a_limit_on_megapixels(tmp_path: Path) -> None:
    photo = picture(tmp_path / "a.png")
    refused = restore(photo, "-o", tmp_path / "o.png", "--max-megapixels", "0.0007", "--json")
    assert refused.code == 1
    assert refused.records[0]["error"] == "ImageTooLargeError"
    assert restore(photo, "-o", tmp_path / "o.png", "--max-megapixels", "0.0008").code == 0


@pytest.mark.parametrize(
    ("format", "suffix"), [("png", ".png"), ("jpeg", ".jpg"), ("webp", ".webp"), ("tiff", ".tif")]
)
def test_the_format_can_be_chosen(tmp_path: Path, format: str, suffix: str) -> None:
    photo = picture(tmp_path / "a.bmp")
    assert restore(photo, "-o", tmp_path / "out", "--format", format).code == 0
    with Image.open(tmp_path / "out" / f"a{suffix}") as image:
        assert (image.format, image.size) == (format.upper(), (32, 24))


@pytest.mark.parametrize("suffix", [".jfif", ".jpe", ".mpo"])
def test_a_jpeg_by_another_name_stays_a_jpeg(tmp_path: Path, suffix: str) -> None:
    photo = picture(tmp_path / "a.jpg").rename(tmp_path / f"a{suffix}")
    assert restore(photo, "-o", tmp_path / "out").code == 0
    with Image.open(tmp_path / "out" / "a.jpg") as image:
        assert image.format == "JPEG"


def test_quality_is_paid_for_in_bytes(tmp_path: Path) -> None:
    Image.fromarray(scene(100, 100)).save(tmp_path / "a.jpg", quality=95)
    sizes = []
    for quality in (30, 95):
        out = tmp_path / f"{quality}.jpg"
        assert restore(tmp_path / "a.jpg", "-o", out, "--quality", quality).code == 0
        sizes.append(out.stat().st_size)
    assert sizes[0] < sizes[1]


def test_at_no_strength_the_photo_stays_as_it_is(tmp_path: Path) -> None:
    photo = picture(tmp_path / "a.png")
    assert restore(photo, "-o", tmp_path / "none.png", "--strength", 0).code == 0
    assert restore(photo, "-o", tmp_path / "all.png").code == 0
    before, none, after = (
        np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "none.png", "all.png")
    )
    assert np.array_equal(before, none)
    assert not np.array_equal(before, after)
    assert restore(photo, "-o", tmp_path / "b.png", "--strength", 101).code == 2


def test_metadata_goes_along_or_is_left_out(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera & Sons"
    photo = picture(tmp_path / "a.jpg", exif=exif)
    restore(photo, "-o", tmp_path / "kept.jpg")
    restore(photo, "-o", tmp_path / "left.jpg", "--strip-metadata")
    assert Image.open(tmp_path / "kept.jpg").getexif()[ExifTags.Base.Make] == "Camera & Sons"
    assert not Image.open(tmp_path / "left.jpg").getexif()


def test_16_bits_and_alpha_stay(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 65536, (24, 32, 4)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    assert restore(tmp_path / "a.png", "-o", tmp_path / "out.png").code == 0
    restored = imagecodecs.png_decode((tmp_path / "out.png").read_bytes())
    assert (restored.dtype, restored.shape) == (np.uint16, (24, 32, 4))
    np.testing.assert_array_equal(restored[..., 3], pixels[..., 3])
    assert (restored[..., :3] % 257).any()


def test_a_rotated_photo_comes_out_upright_with_its_profile(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Camera & Sons"
    rotated = tmp_path / "rotated.jpg"
    picture(rotated, exif=exif, icc_profile=profile)
    upright = Image.open(rotated).transpose(Image.Transpose.ROTATE_270)
    upright.save(tmp_path / "upright.png")
    assert restore(rotated, "-o", tmp_path / "kept.jpg").code == 0
    with Image.open(tmp_path / "kept.jpg") as kept:
        assert (kept.size, kept.info["icc_profile"]) == ((24, 32), profile)
        assert kept.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert kept.getexif()[ExifTags.Base.Make] == "Camera & Sons"
    for name in ("rotated.jpg", "upright.png"):
        restore(tmp_path / name, "-o", tmp_path / "out", "--format", "png")
    one, other = (Image.open(tmp_path / "out" / f"{name}.png") for name in ("rotated", "upright"))
    np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_heic_becomes_png(tmp_path: Path) -> None:
    pillow_heif.from_pillow(Image.fromarray(scene(64, 80))).save(tmp_path / "a.heic")
    assert restore(tmp_path / "a.heic", "-o", tmp_path / "out").code == 0
    assert files_in(tmp_path / "out") == ["a.png"]
    assert size_of(tmp_path / "out" / "a.png") == (80, 64)


def test_a_grey_tiff_stays_grey(tmp_path: Path) -> None:
    Image.fromarray(scene(24, 32, 1)[..., 0]).save(tmp_path / "a.tif")
    assert restore(tmp_path / "a.tif", "-o", tmp_path / "out").code == 0
    with Image.open(tmp_path / "out" / "a.tif") as image:
        assert (image.format, image.mode, image.size) == ("TIFF", "L", (32, 24))


def test_content_decides_what_a_result_is_and_what_was_left_out_is_told(tmp_path: Path) -> None:
    sticker = np.dstack([scene(24, 32, 3), np.zeros((24, 32), np.uint8)])
    Image.fromarray(sticker).save(tmp_path / "sticker.jpg", "WEBP")
    deep = imagecodecs.png_encode(scene(24, 32, 3).astype(np.uint16) * 257)
    (tmp_path / "deep.png").write_bytes(deep)
    done = restore(tmp_path / "sticker.jpg", "-o", tmp_path / "out", "--json")
    assert done.code == 0
    assert files_in(tmp_path / "out") == ["sticker.webp"]
    assert done.records[0]["notes"][0] == "its name ends in .jpg, and its content is WEBP"
    done = restore(tmp_path / "deep.png", "-o", tmp_path / "deep.jpg", "--json")
    assert "16 bits" in done.records[0]["notes"][0]


def test_by_default_the_diagnosis_picks(tmp_path: Path) -> None:
    photo = picture(tmp_path / "a.png")
    done = deblur("restore", photo, "-o", tmp_path / "o.png", "--backend", "onnx", "--json")
    assert done.records[0]["picked"]


# --- models ----------------------------------------------------------------------------------


def test_models_are_listed_with_size_cost_and_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setitem(ENVIRONMENT, name, str(tmp_path / "cache"))
    done = process("models", cwd=tmp_path)
    lines = {line.split()[0]: line for line in reversed(done.out.splitlines()) if line.split()}
    assert done.code == 0
    for spec in CATALOG.values():
        if spec.parameters and spec.macs_per_megapixel:
            assert f"{spec.parameters:,}" in lines[spec.name]
            assert f"{spec.macs_per_megapixel:.1f}" in lines[spec.name]
        assert spec.licence in lines[spec.name]
        assert ("to be trained" in lines[spec.name]) == (not spec.weights)
    assert all("picked by auto" in lines[name] for name in GUIDED)
    assert "91.7" in lines["nafnet-reds"]
    for name in ("maxim-gopro", "nafnet-reds"):
        assert f"{name} has to be fetched: python -m deblur fetch {name}" in done.out


def test_models_as_json() -> None:
    listed = json.loads(deblur("models", "--json").out)
    assert [model["name"] for model in listed] == list(CATALOG)
    for model in listed:
        assert {"parameters", "macs_per_megapixel", "licence", "weights"} <= model.keys()

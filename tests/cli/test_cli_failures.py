"""The command line when things go wrong: bad files, odd names, crashes."""

import io
import json
import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.cli.command_line import (
    ENVIRONMENT,
    ON_ONNX,
    files_in,
    picture,
    process,
    restore,
    size_of,
)
from tests.pictures import scene


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def png_bomb(side: int = 30_000) -> bytes:
    """A PNG of a few bytes that says it is side x side pixels."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))]
    chunks += [(b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")]
    written = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + written


def test_bad_files_do_not_stop_the_rest(tmp_path: Path) -> None:
    whole = saved(Image.fromarray(scene(200, 200)), "JPEG")
    photos, out = tmp_path / "photos", tmp_path / "out"
    picture(photos / "a-good.png")
    bad = {
        "b-cut.jpg": (whole[: len(whole) // 2], "UnreadableImageError", "cut short"),
        "c-empty.png": (b"", "UnreadableImageError", "0 bytes"),
        "d-text.jpg": (b"Dear diary", "UnreadableImageError", "not a picture"),
        "e-bomb.png": (png_bomb(), "ImageTooLargeError", "30000 x 30000 pixels"),
    }
    for name, (content, _, _) in bad.items():
        (photos / name).write_bytes(content)
    assert len(png_bomb()) < 5000
    picture(photos / "z-good.jpg")
    missing = tmp_path / "missing.jpg"
    done = process("restore", photos, missing, "-o", out, *ON_ONNX, "--json", cwd=tmp_path)
    assert done.code == 1
    assert "2 of 7 photos restored" in done.err
    assert files_in(out) == ["a-good.png", "z-good.jpg"]
    by_name = {Path(record["input"]).name: record for record in done.records}
    for name, (_, error, words) in bad.items():
        assert by_name[name]["error"] == error
        assert words in by_name[name]["message"]
    assert f"there is no file {missing}" in by_name["missing.jpg"]["message"]
    plain = restore(photos, missing, "-o", out, "--overwrite")
    for name in (*bad, "missing.jpg"):
        assert re.search(rf"^.*{name}: .+$", plain.err, re.MULTILINE)


def test_an_output_that_cannot_be_written_does_not_stop_the_rest(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a" / "a.png")
    picture(tmp_path / "in" / "b.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("a file where a folder should be")
    done = restore(tmp_path / "in", "-o", tmp_path / "out")
    assert done.code == 1
    assert "a/a.png cannot be written" in done.err
    assert files_in(tmp_path / "out") == ["a", "b.png"]


def test_a_name_too_long_for_the_result_does_not_stop_the_rest(tmp_path: Path) -> None:
    picture(tmp_path / f"{'a' * 248}.png")
    picture(tmp_path / "b.png")
    done = restore(tmp_path)
    assert done.code == 1
    assert "1 of 2 photos restored" in done.err
    assert (tmp_path / "b-deblurred.png").is_file()


def test_names_are_printed_as_they_are(tmp_path: Path) -> None:
    photo = picture(tmp_path / ":smile: [bold]50%[/bold].png")
    done = restore(photo, "-o", tmp_path / "out", "--json")
    assert done.records[0]["input"] == str(photo)
    assert photo.name in restore(photo, "-o", tmp_path / "out2").out


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text exist on Linux only")
def test_a_name_that_is_no_text_does_not_stop_the_rest(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    picture(photos / "a.png").rename(photos / os.fsdecode(b"\xff.png"))
    picture(photos / "b.png")
    done = process("restore", "photos", "-o", "out", *ON_ONNX, cwd=tmp_path)
    assert done.code == 0, done.err
    assert len(files_in(tmp_path / "out")) == 2


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--model", "residual-unet-xxl"), 1, "there is no model 'residual-unet-xxl'"),
        (("--model", "gone.onnx"), 1, "there is no file gone.onnx"),
        (("--model", "gan-fpn"), 1, "no .onnx weights are published for gan-fpn"),
        (("--backend", "caffe"), 2, "caffe"),
        (("--device", "abacus"), 1, "no device 'abacus'"),
        (("--precision", "fp7"), 2, "fp7"),
        (("--precision", "fp16"), 1, "here torch on cpu does"),
        (("--tile", "8"), 1, "tiles of 8 pixels are too small for this model"),
        (("--tile", "-1"), 2, "--tile"),
        (("--format", "bmp"), 2, "bmp"),
        (("--quality", "0"), 2, "--quality"),
        (("--max-megapixels", "inf"), 2, "--max-megapixels"),
    ],
    ids=lambda value: "=".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_is_said_in_a_sentence(
    tmp_path: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    done = restore(picture(tmp_path / "a.png"), "-o", tmp_path / "out.png", *options)
    assert (done.code, done.out) == (code, "")
    assert words in done.said
    assert len(done.said) < 400
    assert files_in(tmp_path) == ["a.png"]


CRASH = """
import os, signal, sys
from unittest import mock
from deblur.cli import app

def crash(*args, **options):
    for argument in args:
        if hasattr(argument, "write"):
            argument.write(b"half a picture")
            argument.flush()
    os.kill(os.getpid(), signal.SIGKILL)

with mock.patch(sys.argv.pop(1), crash):
    app()
"""


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("deblur.backends.onnx_backend.OnnxBackend.run", False),
        ("deblur.image_io.writing.encode_image", False),
        ("pathlib.Path.hardlink_to", False),
        ("pathlib.Path.replace", True),
    ],
)
def test_a_crash_at_the_worst_moment_leaves_no_half_file(
    tmp_path: Path, moment: str, there: bool
) -> None:
    photo, out = picture(tmp_path / "a.png"), tmp_path / "out.png"
    if there:
        out.write_bytes(b"precious")
    options = ("-o", out, *ON_ONNX, *(["--overwrite"] if there else []))
    done = process(moment, "restore", photo, *options, cwd=tmp_path, program=("-c", CRASH))
    assert done.code == -9
    assert (out.read_bytes() if there else out.exists()) == (b"precious" if there else False)
    assert restore(photo, *options).code == 0
    assert size_of(out) == (32, 24)


def test_killed_in_the_middle_of_a_large_photo(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.png")
    Image.fromarray(scene(1000, 1000)).save(tmp_path / "in" / "b.png")
    options = ("-o", "out", *ON_ONNX, "--tile", "64", "--json")
    with subprocess.Popen(
        [sys.executable, "-m", "deblur", "restore", "in", *options],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        first = json.loads(running.stdout.readline())
        running.kill()
    assert Path(first["output"]).name == "a.png"
    assert size_of(tmp_path / "out" / "a.png") == (32, 24)
    assert not (tmp_path / "out" / "b.png").exists()

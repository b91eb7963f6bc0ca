"""Standard input and output, formats by name, help and the version."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from deblur import __version__
from tests.cli.command_line import ENVIRONMENT, ON_ONNX, deblur, files_in, picture, restore


def piped(given: bytes, *options: object, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "deblur", "restore", *ON_ONNX, *map(str, options)]
    return subprocess.run(
        command, input=given, cwd=cwd, env=ENVIRONMENT, capture_output=True, check=False
    )


@pytest.mark.parametrize(
    ("options", "format"), [((), "JPEG"), (("-o", "-"), "JPEG"), (("--format", "png"), "PNG")]
)
def test_a_photo_goes_through_a_pipe(tmp_path: Path, options: tuple[str, ...], format: str) -> None:
    photo = picture(tmp_path / "a.jpg").read_bytes()
    done = piped(photo, "-", *options, cwd=tmp_path)
    with Image.open(io.BytesIO(done.stdout)) as restored:
        assert (done.returncode, restored.format, restored.size) == (0, format, (32, 24))
    assert b"srcnn" in done.stderr
    assert files_in(tmp_path) == ["a.jpg"]


def test_one_end_may_be_a_file(tmp_path: Path) -> None:
    photo = picture(tmp_path / "a.png").read_bytes()
    assert piped(photo, "-", "-o", "out.png", cwd=tmp_path).stdout.startswith(b"out.png  srcnn")
    assert piped(b"", "a.png", "-o", "-", cwd=tmp_path).stdout.startswith(b"\x89PNG")
    assert files_in(tmp_path) == ["a.png", "out.png"]


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        (b"Dear diary", ("-",), "not a picture"),
        (b"", ("-",), "is empty"),
        (b"", ("-", "-o", "folder"), "name a file"),
        (b"", ("-", "a.png"), "- is one photo"),
    ],
)
def test_what_no_pipe_can_be_is_said_in_a_sentence(
    tmp_path: Path, given: bytes, options: tuple[str, ...], words: str
) -> None:
    done = piped(given, *options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"")
    assert words in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("name", ["jpg", "JPEG", ".jpg"])
def test_a_format_may_be_named_as_people_name_it(tmp_path: Path, name: str) -> None:
    photo = picture(tmp_path / "a.png")
    assert restore(photo, "-o", tmp_path / "out", "--format", name).code == 0
    assert files_in(tmp_path / "out") == ["a.jpg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-o", "x.jpg", "--format", "png"), "--format says PNG"),
        (("-o", "x.jxl"), ".jxl is not an output format"),
        (("-o", "x.psd"), ".psd is not an output format"),
        (("-o", "x.jxl", "--format", "png"), ".jxl is not an output format"),
    ],
)
def test_an_ending_that_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = restore(picture(tmp_path / "a.png"), *options)
    assert refused.code == 1
    assert words in refused.err
    assert files_in(tmp_path) == ["a.png"]


def test_a_slash_makes_a_folder_of_any_name(tmp_path: Path) -> None:
    assert restore(picture(tmp_path / "a.png"), "-o", f"{tmp_path}/trip.new/").code == 0
    assert files_in(tmp_path / "trip.new") == ["a.png"]


def test_a_limit_is_named_by_its_option_and_never_rounded_to_nonsense(tmp_path: Path) -> None:
    photo = picture(tmp_path / "a.png")
    refused = restore(photo, "-o", tmp_path / "o.png", "--max-megapixels", "0.000767")
    assert "(0.000768 megapixels), and the limit is 0.000767 megapixels" in refused.err
    assert "--max-megapixels" in refused.err
    assert "max_pixels" not in refused.err


def test_help_and_version_are_there() -> None:
    assert deblur("--version").out.strip() == f"deblur {__version__}"
    for arguments in (("-h",), ("restore", "-h"), ("train", "-h")):
        assert "Usage: " in deblur(*arguments).out
    assert "Exit codes: 0" in deblur("restore", "-h").out


@pytest.mark.parametrize("columns", [80, 200])
def test_help_is_readable_at_any_width(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", columns)
    lines = deblur("restore", "-h").out.splitlines()
    assert max(map(len, lines)) <= columns
    assert "…" not in "".join(lines)

"""Run again: what is there already, and what an interrupted run leaves."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

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


@pytest.fixture
def half_done(tmp_path: Path) -> Path:
    """Two photos, of which one has been restored, into something else."""
    for name in ("a.png", "b.png"):
        picture(tmp_path / "in" / name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"precious")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "code", "said", "kept"),
    [
        ((), 0, "1 of 1 photos restored, 1 was there already", True),
        (("--existing", "skip"), 0, "1 of 1 photos restored, 1 was there already", True),
        (("--existing", "overwrite"), 0, "2 of 2 photos restored", False),
        (("--overwrite",), 0, "2 of 2 photos restored", False),
        (("--existing", "fail"), 1, "1 of 2 photos restored", True),
    ],
)
def test_what_is_there_in_a_folder(
    half_done: Path, options: tuple[str, ...], code: int, said: str, kept: bool
) -> None:
    done = restore(half_done / "in", "-o", half_done / "out", *options)
    assert done.code == code
    assert done.err.splitlines()[-1] == said
    assert size_of(half_done / "out" / "b.png") == (32, 24)
    assert ((half_done / "out" / "a.png").read_bytes() == b"precious") == kept


def test_a_single_file_fails_and_says_what_to_pass(half_done: Path) -> None:
    photo, there = half_done / "in" / "a.png", half_done / "out" / "a.png"
    refused = restore(photo, "-o", there)
    assert refused.code == 1
    assert "--existing overwrite" in refused.err
    skipped = restore(photo, "-o", there, "--existing", "skip", "--json")
    assert (skipped.code, skipped.err.strip()) == (0, "1 was there already")
    assert skipped.records == [{"input": str(photo), "output": str(there), "skipped": True}]
    assert there.read_bytes() == b"precious"


def test_what_is_all_there_needs_no_model(half_done: Path) -> None:
    picture(half_done / "out" / "b.png")
    done = deblur("restore", half_done / "in", "-o", half_done / "out", "--model", "gone.onnx")
    assert (done.code, done.err.strip()) == (0, "2 were there already")


def test_two_answers_are_refused(half_done: Path) -> None:
    done = restore(half_done / "in", "--overwrite", "--existing", "skip")
    assert done.code == 2
    assert "leave one out" in done.said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_an_interrupted_run_goes_on_and_leaves_nothing_half(
    tmp_path: Path, number: int, code: int
) -> None:
    picture(tmp_path / "in" / "a.png")
    Image.fromarray(scene(1000, 1000)).save(tmp_path / "in" / "b.png")
    again = ("restore", "in", "-o", "out", *ON_ONNX, "--tile", "64")
    with subprocess.Popen(
        [sys.executable, "-m", "deblur", *again, "--json"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert Path(json.loads(running.stdout.readline())["output"]).name == "a.png"
        while not [*(tmp_path / "out").glob(".*.part*")]:
            assert running.poll() is None
        running.send_signal(number)
        _, err = running.communicate()
    assert (running.returncode, b"Traceback" in err) == (code, False)
    if number != signal.SIGKILL:
        assert files_in(tmp_path / "out") == ["a.png"]
    done = process(*again, cwd=tmp_path)
    assert done.code == 0
    assert done.err.strip() == "1 of 1 photos restored, 1 was there already"
    assert files_in(tmp_path / "out") == ["a.png", "b.png"]

"""`restore` by several hands gives what one hand gives."""

from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from tests.cli.command_line import ON_ONNX, deblur, files_in, picture
from tests.crews.crew_workers import DiesAfterWriting


@pytest.mark.parametrize("crew", ["processes", "ray"])
def test_a_folder_is_restored_by_several_workers(
    crew: str, tmp_path: Path, ray_for_tests: None
) -> None:
    for seed in range(3):
        picture(tmp_path / "in" / f"{seed}.png", seed=seed)
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    alone = deblur("restore", tmp_path / "in", "-o", tmp_path / "alone", *ON_ONNX)
    many = deblur(
        *("restore", tmp_path / "in", "-o", tmp_path / "many", *ON_ONNX),
        *("--crew", crew, "--workers", 2),
    )
    assert alone.code == many.code == 1
    for outcome in (alone, many):
        assert "bad.png" in outcome.said
        assert "3 of 4 photos restored" in outcome.said
    assert files_in(tmp_path / "many") == ["0.png", "1.png", "2.png"]
    for name in files_in(tmp_path / "alone"):
        ours, theirs = ((tmp_path / each / name).read_bytes() for each in ("alone", "many"))
        assert ours == theirs


def test_a_photo_is_restored_again_over_what_a_worker_left_that_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = partial(DiesAfterWriting.open, "1.png")
    monkeypatch.setattr(import_module("deblur.cli.restore"), "open_worker", dying)
    for seed in range(7):
        picture(tmp_path / "in" / f"{seed}.png", seed=seed)
    precious = picture(tmp_path / "out" / "2.png", seed=9).read_bytes()
    outcome = deblur(
        *("restore", tmp_path / "in", "-o", tmp_path / "out", *ON_ONNX),
        *("--crew", "processes", "--workers", 2, "--existing", "fail"),
    )
    assert outcome.code == 1
    for name in ("2.png", DiesAfterWriting.LATE):
        assert f"{name} is there already" in outcome.said
    assert "5 of 7 photos restored" in outcome.said
    assert (tmp_path / "out" / "2.png").read_bytes() == precious
    assert (tmp_path / "out" / DiesAfterWriting.LATE).read_bytes() == b"precious, too"
    assert files_in(tmp_path / "out") == [f"{number}.png" for number in range(7)]


def test_a_model_that_is_not_there_is_said_once(tmp_path: Path) -> None:
    picture(tmp_path / "in.png")
    outcome = deblur(
        *("restore", tmp_path / "in.png", "-o", tmp_path / "out.png"),
        *("--model", "nobody", "--crew", "processes", "--workers", 2),
    )
    assert outcome.code == 1
    assert "no model 'nobody'" in outcome.said

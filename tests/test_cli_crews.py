"""`restore` by several hands gives what one hand gives."""

from pathlib import Path

import pytest

from tests.command_line import ON_ONNX, deblur, files_in, picture


@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_a_folder_is_restored_by_several_workers(
    engine: str, tmp_path: Path, ray_for_tests: None
) -> None:
    for seed in range(3):
        picture(tmp_path / "in" / f"{seed}.png", seed=seed)
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    alone = deblur("restore", tmp_path / "in", "-o", tmp_path / "alone", *ON_ONNX)
    many = deblur(
        *("restore", tmp_path / "in", "-o", tmp_path / "many", *ON_ONNX),
        *("--engine", engine, "--workers", 2),
    )
    assert alone.code == many.code == 1
    for outcome in (alone, many):
        assert "bad.png" in outcome.said
        assert "3 of 4 photos restored" in outcome.said
    assert files_in(tmp_path / "many") == ["0.png", "1.png", "2.png"]
    for name in files_in(tmp_path / "alone"):
        ours, theirs = ((tmp_path / each / name).read_bytes() for each in ("alone", "many"))
        assert ours == theirs


def test_a_model_that_is_not_there_is_said_once(tmp_path: Path) -> None:
    picture(tmp_path / "in.png")
    outcome = deblur(
        *("restore", tmp_path / "in.png", "-o", tmp_path / "out.png"),
        *("--model", "nobody", "--engine", "processes", "--workers", 2),
    )
    assert outcome.code == 1
    assert "no model 'nobody'" in outcome.said

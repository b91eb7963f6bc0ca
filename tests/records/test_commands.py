"""The command of a record names no folder of anybody's machine."""

import pytest

from deblur.records.commands import without_places

RUN = "python -m benchmarks run"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("--dataset gopro=/home/me/GoPro -o /home/me/out", "--dataset gopro=FOLDER"),
        ("--dataset=lai-real=data/lai --model srcnn", "--dataset=lai-real=FOLDER --model srcnn"),
        ("--model /home/me/secret/mine.onnx --no-cost", "--model mine.onnx --no-cost"),
        (r"--model 'C:\Users\me\mine.onnx'", "--model mine.onnx"),
        ("--model exported/mine.onnx", "--model mine.onnx"),
        ("--model owner/name@v1 --threads 2", "--model owner/name@v1 --threads 2"),
        ("--model hf://owner/name@v1/a.onnx", "--model hf://owner/name@v1/a.onnx"),
        ("--root ../photos/ --images-from ~/restored/", "--root photos --images-from restored"),
        ("--submit https://me:secret@board --about about.json --limit 5", "--limit 5"),
        ("--crew ray --address ray://10.0.0.1:10001", "--crew ray"),
        ("--model 'my model'", "--model 'my model'"),
        ("--model '/me/unclosed", "--model unclosed"),
    ],
)
def test_names_only(given: str, kept: str) -> None:
    assert without_places(f"{RUN} {given}") == f"{RUN} {kept}"
    assert without_places(f"{RUN} {kept}") == f"{RUN} {kept}"


def test_no_command_is_none() -> None:
    assert without_places("") == ""

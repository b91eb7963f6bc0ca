"""Messages for strangers name no folder of the machine."""

import pytest

from deblur.files import without_folders


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("/tmp/x/y/my photo.jpg is not a picture", "my photo.jpg is not a picture"),
        ("'/srv/board/mini/a.json' is no entry", "'a.json' is no entry"),
        (r"C:\Users\me\a.onnx is damaged", "a.onnx is damaged"),
        ("~/photos/a.png (/var/data/b)", "a.png (b)"),
        ("see https://huggingface.co/owner/name", "see https://huggingface.co/owner/name"),
        ("owner/name and hf://owner/name/a.onnx", "owner/name and hf://owner/name/a.onnx"),
        ("0.3 s/MP, 3 of 4 / 5", "0.3 s/MP, 3 of 4 / 5"),
    ],
)
def test_only_the_last_part_of_a_path_stays(told: str, shown: str) -> None:
    assert without_folders(told) == shown

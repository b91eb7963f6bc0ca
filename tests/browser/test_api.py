"""The calls of docs/api.md do what it says."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from deblur.image_io import decode_image

ROOT = Path(__file__).parents[2]
CALLS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)


@pytest.fixture
def client(address: str, tmp_path: Path) -> Client:
    return Client(address, verbose=False, download_files=tmp_path)


def test_the_calls_that_are_written_down_work(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    known: dict[str, Any] = {}
    for call in CALLS:
        exec(call.replace("http://127.0.0.1:7860", address), known)
    photo = decode_image(ROOT / "examples" / "coffee.jpg")
    whole, half = (decode_image(Path(known[name])).pixels for name in ("restored", "half"))
    assert whole.shape == half.shape == photo.pixels.shape
    assert np.abs(whole.astype(int) - photo.pixels).max() > 10
    assert known["report"]["models"] == ["residual-unet-s"]
    assert known["found"]["said"]


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"model": "owner/name"}, "there is no model"),
        ({"strength": 101}, "from 0 to 100 percent"),
    ],
)
def test_what_cannot_be_done_is_said(client: Client, wishes: dict[str, Any], told: str) -> None:
    with pytest.raises(AppError, match=told):
        client.predict(
            file=handle_file(str(ROOT / "examples" / "coffee.jpg")), api_name="/restore", **wishes
        )


def test_what_is_no_photo_is_said(client: Client, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("no photo")
    with pytest.raises(AppError, match=r"notes\.jpg is not a picture"):
        client.predict(handle_file(str(tmp_path / "notes.jpg")), api_name="/diagnose")


def test_programs_are_offered_these_calls_and_no_other(client: Client) -> None:
    told = client.view_api(return_format="dict", print_info=False)
    assert isinstance(told, dict)
    assert {*told["named_endpoints"]} == {"/restore", "/diagnose", "/check", "/submit"}

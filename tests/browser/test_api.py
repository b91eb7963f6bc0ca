"""The calls of docs/api.md do what it says."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
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
    with ThreadPoolExecutor(1) as beside:  # a browser that is open has this thread's event loop
        for call in CALLS:
            beside.submit(
                exec, call.replace("http://127.0.0.1:7860", address.rstrip("/")), known
            ).result()
    photo = decode_image(ROOT / "examples" / "coffee.jpg")
    whole, half = (decode_image(Path(known[name])).pixels for name in ("restored", "half"))
    assert whole.shape == half.shape == photo.pixels.shape
    assert np.abs(whole.astype(int) - photo.pixels).max() > 10
    assert known["report"]["models"] == ["residual-unet-s"]
    assert known["found"]["said"]
    ranked = [row["rank"] for row in known["table"]["rows"] if "rank" in row]
    assert ranked[0] == 1
    assert ranked == sorted(ranked)
    assert any(row["variants"] for row in known["table"]["rows"])
    assert httpx2.get(known["told"]["file"]).content[:3] == b"\xff\xd8\xff"
    assert known["told"]["report"]["models"] == ["residual-unet-xs"]


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
    offered = {"/restore", "/diagnose", "/leaderboard", "/check", "/submit"}
    assert {*told["named_endpoints"]} == offered


def test_a_dataset_that_is_not_there_is_said(client: Client) -> None:
    with pytest.raises(AppError, match=r"no rows of 'nothing'; it has rows of: .*mini"):
        client.predict("nothing", api_name="/leaderboard")

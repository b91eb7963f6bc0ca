"""The calls of docs/api.md do what it says, and so do the tools."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp.client import Client as Assistant

from deblur.image_io import decode_image
from deblur.image_io.signatures import INPUT_KINDS, title_of
from deblur.page.tools import MAX_REQUEST_BYTES

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "examples" / "coffee.jpg"
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
    assert httpx2.get(known["result"]["file"]).content[:3] == b"\xff\xd8\xff"
    assert known["result"]["report"]["models"] == ["residual-unet-xs"]


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


# --- the tools that assistants are offered, asked by a client of the protocol over HTTP ---


def carried_out(work: Any) -> Any:
    """What a coroutine gives, in a thread of its own: a browser may have this one's event loop."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, work).result()


def called(address: str, tool: str, **values: object) -> Any:
    async def call() -> Any:
        async with Assistant(f"{address}mcp") as tools:
            return await tools.call_tool(tool, values)

    return carried_out(call())


def sent(address: str, path: Path = PHOTO) -> str:
    with path.open("rb") as content:
        answer = httpx2.post(f"{address}gradio_api/upload", files={"files": content})
    return str(answer.json()[0])


def test_each_tool_says_what_it_is_for_and_takes(address: str) -> None:
    async def list_tools() -> Any:
        async with Assistant(f"{address}mcp") as tools:
            return (await tools.list_tools()).tools

    found = {tool.name: tool for tool in carried_out(list_tools())}
    assert {name: [*tool.input_schema["properties"]] for name, tool in found.items()} == {
        "restore": ["photo", "model", "strength"],
        "diagnose": ["photo"],
        "leaderboard": ["dataset"],
    }
    for tool in found.values():
        for taken in tool.input_schema["properties"]:
            assert taken in tool.description, (tool.name, taken)
    for kind in INPUT_KINDS:
        assert {"JXL": "JPEG XL"}.get(kind, title_of(kind)) in found["restore"].description


def test_a_photo_is_diagnosed_by_its_path_and_by_its_address(address: str) -> None:
    path = sent(address)
    for photo in (path, f"{address}gradio_api/file={path}"):
        told = called(address, "diagnose", photo=photo).structured_content
        assert (told["kind"], told["width"]) == ("motion", 570)


def test_the_board_is_told(address: str) -> None:
    told = called(address, "leaderboard", dataset="mini").structured_content
    assert told["rows"][0]["rank"] == 1
    assert "mini" in told["datasets"]


@pytest.mark.parametrize("photo", ["/etc/passwd", "https://example.org/photo.jpg", "../x", ""])
def test_what_was_not_sent_here_is_refused(address: str, photo: str) -> None:
    refused = called(address, "restore", photo=photo)
    assert refused.is_error
    assert f"curl -F files=@PHOTO {address}gradio_api/upload" in refused.content[0].text


def test_a_call_that_fails_says_why(address: str, tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("no photo")
    refused = called(address, "diagnose", photo=sent(address, tmp_path / "notes.jpg"))
    assert refused.is_error
    assert "notes.jpg is not a picture" in refused.content[0].text


def test_a_message_that_is_too_large_is_refused(address: str) -> None:
    answer = httpx2.post(
        f"{address}mcp",
        content=b'{"x": "' + b"x" * MAX_REQUEST_BYTES + b'"}',
        headers={
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
        },
    )
    assert answer.status_code == 413


def test_another_site_is_not_answered(address: str) -> None:
    answer = httpx2.post(
        f"{address}mcp",
        json={},
        headers={"Accept": "application/json, text/event-stream", "Host": "example.org"},
    )
    assert answer.status_code == 421

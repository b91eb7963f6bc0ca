"""The tools that assistants are offered, asked by a client of the protocol over HTTP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client

from deblur.page.tools import MOST_BYTES

PHOTO = Path(__file__).parents[2] / "examples" / "coffee.jpg"


def carried_out(work: Any) -> Any:
    """What a coroutine gives, in a thread of its own: a browser may have this one's event loop."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, work).result()


def called(address: str, tool: str, **values: object) -> Any:
    async def call() -> Any:
        async with Client(f"{address}mcp") as tools:
            return await tools.call_tool(tool, values)

    return carried_out(call())


def sent(address: str, path: Path = PHOTO) -> str:
    with path.open("rb") as content:
        answer = httpx2.post(f"{address}gradio_api/upload", files={"files": content})
    return str(answer.json()[0])


def test_each_tool_says_what_it_is_for_and_takes(address: str) -> None:
    async def list_tools() -> Any:
        async with Client(f"{address}mcp") as tools:
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
        content=b'{"x": "' + b"x" * MOST_BYTES + b'"}',
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

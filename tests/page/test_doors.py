"""Headers on every answer, and what is not let in."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from deblur.language import Language, speaking
from deblur.page.visiting.doors import Doors, page_policy
from deblur.page.visiting.page_folder import PageFolder


def client(room: bool = True) -> TestClient:
    folder = cast(PageFolder, SimpleNamespace(has_room=lambda size: room))

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("inside")(scope, receive, send)

    return TestClient(Doors(inside, folder, 1_000_000, page_policy()))


def test_every_answer_is_taken_as_what_it_says_it_is() -> None:
    answer = client().get("/")
    assert answer.text == "inside"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "object-src 'none'" in answer.headers["content-security-policy"]
    assert "http" not in answer.headers["content-security-policy"]


def test_a_file_of_a_visitor_runs_nothing() -> None:
    policy = client().get("/gradio_api/file=/tmp/a.svg").headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://192.0.2.1/a",
        "/gradio_api/file/https://192.0.2.1/a",
        "/gradio_api/proxy=http://192.0.2.1/",
        "/gradio_api/file=ftp://192.0.2.1/",
    ],
)
def test_nothing_is_fetched_for_a_visitor(path: str) -> None:
    assert client().get(path).status_code == 403


def test_uploads_have_a_limit_and_need_room() -> None:
    assert client().post("/gradio_api/upload", content=b"x" * 900_000).text == "inside"
    large = client().post("/gradio_api/upload", content=b"x" * 1_200_000)
    assert (large.status_code, "1 MB" in large.text) == (413, True)
    full = client(room=False).post("/gradio_api/upload?upload_id=1", content=b"x")
    assert (full.status_code, "no room" in full.text) == (507, True)
    assert client(room=False).post("/gradio_api/queue/join", content=b"x").text == "inside"


def test_an_upload_says_how_large_it_is() -> None:
    def chunks() -> Any:
        yield b"x"

    assert client().post("/gradio_api/upload", content=chunks()).status_code == 411


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/file=http://192.0.2.1/a"])
def test_refusals_speak_the_language_of_the_page(path: str) -> None:
    with speaking(Language.chinese):
        refused = client(room=False).post(path, content=b"x" * 2_000_000)
    assert refused.is_error
    assert not refused.text.isascii()

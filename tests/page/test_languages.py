"""Each language has a page of its own, and a visitor gets theirs."""

from typing import Any, cast

import gradio as gr
import pytest
from gradio.helpers import special_args
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.testclient import TestClient

from deblur.language import Language, spoken_now
from deblur.page.languages import Languages, give_languages, preferred

PAGE = (
    '<html lang="en"><head><meta charset="utf-8" /><meta property="og:title" content="Gradio" />'
    '</head><script>window.gradio_config = {"lang": "<meta property=\\"og:a\\" />"}</script>'
)


@pytest.fixture
def client() -> TestClient:
    return TestClient(Languages(HTMLResponse(PAGE)), follow_redirects=False)


@pytest.mark.parametrize(
    ("asked", "accepted", "place"),
    [
        ("/", "", ""),
        ("/", "de, en;q=0.5", ""),
        ("/", "zh-CN,zh;q=0.9,en;q=0.8", "/zh"),
        ("/", "en;q=0.3, zh-TW", "/zh"),
        ("/?lang=zh&tab=judge", "en", "/zh?lang=zh&tab=judge"),
        ("/?lang=en", "zh", ""),
        ("/?lang=xx", "", ""),
        ("/zh", "en", ""),
        ("/zh?lang=en", "zh", "/?lang=en"),
    ],
)
def test_a_visitor_gets_their_language(
    client: TestClient, asked: str, accepted: str, place: str
) -> None:
    answer = client.get(asked, headers={"accept-language": accepted})
    assert answer.headers.get("location", "") == place
    assert answer.status_code == (302 if place else 200)


def test_a_preference_that_is_no_number_is_none() -> None:
    assert preferred("zh;q=..,en") is Language.english
    assert preferred("") is Language.english


@pytest.mark.parametrize(("path", "language"), [("/", "en"), ("/zh", "zh-Hans")])
def test_the_head_is_true_and_the_settings_are_as_they_were(
    client: TestClient, path: str, language: str
) -> None:
    told = client.get(path).text
    assert f'<html lang="{language}">' in told
    assert "<title>Deblur Arena</title>" in told
    assert 'content="Gradio"' not in told
    assert ('"language", { value: "zh-CN" }' in told) == (path == "/zh")
    assert 'href="http://testserver/browser/mark.svg"' in told
    assert f'property="og:url" content="http://testserver{path}"' in told
    assert 'property="og:image" content="http://testserver/browser/card.jpg"' in told
    for name in ("title", "description", "site_name", "locale", "image:alt", "image:width"):
        assert told.count(f'property="og:{name}"') == 1
    assert told.endswith(PAGE[PAGE.index("</head>") :])


def test_the_page_comes_compressed(client: TestClient) -> None:
    squeezed = client.get("/", headers={"accept-encoding": "gzip"})
    plain = client.get("/", headers={"accept-encoding": "identity"})
    assert squeezed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert squeezed.text == plain.text


def test_other_addresses_are_left_alone(client: TestClient) -> None:
    assert client.get("/info?lang=zh").text == PAGE
    assert client.post("/").text == PAGE


def test_functions_speak_their_pages_language_in_one_queue() -> None:
    def heard(request: gr.Request, word: str) -> str:
        return spoken_now()

    demo = gr.Blocks()
    for name in ("", "zh"):
        with demo.route(name, name, False) if name else demo:
            text = gr.Textbox()
            text.change(heard, text, text)
            text.blur(heard, text, text)
    give_languages(demo)
    first, second, third, fourth = demo.fns.values()
    assert [each.concurrency_id for each in (first, second)] == ["1", "2"]
    assert [each.concurrency_id for each in (third, fourth)] == ["1", "2"]
    english, chinese = cast(Any, first.fn), cast(Any, third.fn)
    assert [english(None, ""), chinese(None, "")] == ["en", "zh"]
    asked = gr.Request()
    assert special_args(chinese, ["word"], asked)[0] == [asked, "word"]


@pytest.mark.parametrize(
    ("page", "accepted", "heard"),
    [
        ("http://testserver/zh?tab=judge", "en", "zh"),
        ("http://testserver/?lang=en", "zh", "en"),
        ("", "zh-CN,en;q=0.5", "zh"),
        ("", "", "en"),
    ],
)
def test_what_is_no_page_answers_in_the_language_of_the_page_that_asks(
    page: str, accepted: str, heard: str
) -> None:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(spoken_now())(scope, receive, send)

    headers = {"accept-language": accepted, **({"referer": page} if page else {})}
    asked = TestClient(Languages(answer)).post("/gradio_api/upload", headers=headers)
    assert (asked.text, spoken_now()) == (heard, "en")

"""One page for each language: which one a visitor gets, and what its head says.

English stands at `/`, every other language at its code. `?lang=zh` chooses, else the browser does.
"""

import re
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import gradio as gr
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse

from deblur.language import Language, say, speaking, spoken_in
from deblur.page.visiting.visitors import App, Scope

TITLE = "Deblur Arena"
IN_HTML = {Language.english: "en", Language.chinese: "zh-Hans"}
_FRAMEWORK_SPEAKS = 'Object.defineProperty(navigator, "language", { value: "%s" });'
"""Gradio's own words are in the browser's language, which may not be that of the page."""

_LOCALES = {Language.english: "en_US", Language.chinese: "zh_CN"}
_GRADIO_TAGS = re.compile(
    rb'<meta\s+(?:property="og:|name="twitter:)[^>]*/>\s*|<link rel="manifest"[^>]*>', re.DOTALL
)

_CHARSET = b'<meta charset="utf-8" />'


def path_of(language: Language) -> str:
    """Where the page of a language stands, below the root."""
    return "" if language is Language.english else str(language)


def give_languages(demo: gr.Blocks) -> None:
    """Let every function of a page speak its language, and wait in one queue with the others'."""
    laid_out: dict[str, list[Any]] = {}
    for each in demo.fns.values():
        alike = laid_out.setdefault(each.page, [])
        alike.append(each)
        if each.fn is None:
            continue
        if each.concurrency_id == str(id(each.fn)):
            each.concurrency_id = f"{len(alike)}"
        if each.page:
            each.api_visibility = "private"  # programs ask the page at the root
        each.fn = spoken_in(Language(each.page or Language.english), each.fn)


def preferred(accepted: str) -> Language:
    """The language that comes first in an Accept-Language header, of those that are spoken."""
    ranked = sorted(accepted.lower().split(","), key=_weight, reverse=True)
    for each in ranked:
        code = each.partition(";")[0].strip().partition("-")[0]
        if code in set(Language):
            return Language(code)
    return Language.english


def _weight(choice: str) -> float:
    found = re.search(r";\s*q\s*=\s*([0-9.]+)\s*$", choice)
    try:
        return float(found[1]) if found else 1.0
    except ValueError:
        return 0.0


def head_of(language: Language, address: str) -> bytes:
    """Title, description, icon and preview of a shared link; `address` is that of the site."""
    with speaking(language):
        said = {
            "title": TITLE,
            "description": say("Drop in a blurred photo and get a sharper one back."),
        }
    icon = f"{address}/browser/mark.svg"
    tags = [
        f"<title>{TITLE}</title>",
        f'<meta name="description" content="{escape(said["description"])}">',
        f'<link rel="icon" type="image/svg+xml" href="{icon}">',
        *(
            f'<link rel="alternate" hreflang="{IN_HTML[each]}" href="{address}/{path_of(each)}">'
            for each in Language
        ),
        '<meta property="og:type" content="website">',
        f'<meta property="og:site_name" content="{TITLE}">',
        f'<meta property="og:url" content="{address}/{path_of(language)}">',
        f'<meta property="og:locale" content="{_LOCALES[language]}">',
        f'<meta property="og:image" content="{address}/browser/card.jpg">',
        '<meta property="og:image:width" content="1200">',
        '<meta property="og:image:height" content="630">',
        f'<meta property="og:image:alt" content="{escape(said["description"])}">',
        *(f'<meta property="og:{name}" content="{escape(text)}">' for name, text in said.items()),
        '<meta name="twitter:card" content="summary_large_image">',
        f"<script>{_FRAMEWORK_SPEAKS % _LOCALES[language].replace('_', '-')}</script>",
        f'<script type="module" src="{address}/browser/page.js"></script>',
    ]
    return "".join(tags).encode()


class Languages:
    """ASGI: leads visitors to the page of their language, which says in its head what it is.

    The page is compressed: Gradio compresses files only, and it has a quarter of a megabyte.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._pages = {f"/{path_of(each)}": each for each in Language}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Redirect, or let the page answer and mend its head."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        here = self._pages.get(scope["path"])
        if here is None or scope["method"] not in ("GET", "HEAD"):
            with speaking(self._reader(scope)):
                await self._app(scope, receive, send)
            return
        headers, asked = Headers(scope=scope), parse_qs(scope["query_string"].decode("latin-1"))
        wanted = _wanted(here, asked, headers)
        if wanted is not here:
            query = f"?{urlencode(asked, doseq=True)}" if asked else ""
            place = f"{scope.get('root_path', '')}/{path_of(wanted)}{query}"
            answer = RedirectResponse(place, 302, {"Vary": "Accept-Language"})
            await answer(scope, receive, send)
            return
        site = f"{_scheme(scope, headers)}://{headers.get('host', '')}{scope.get('root_path', '')}"
        head = head_of(here, escape(site))

        async def page(scope: Any, receive: Any, send: Any) -> None:
            await self._app(scope, receive, _Mended(send, IN_HTML[here], head))

        await GZipMiddleware(page)(scope, receive, send)

    def _reader(self, scope: Scope) -> Language:
        """The language of the page that asks for something, else the one that a browser prefers."""
        headers = Headers(scope=scope)
        if page := headers.get("referer"):
            path = urlsplit(page).path.removeprefix(scope.get("root_path", ""))
            return self._pages.get(path, Language.english)
        return preferred(headers.get("accept-language", ""))


def _wanted(here: Language, asked: dict[str, list[str]], headers: Headers) -> Language:
    """What is asked for; the browser's own choice counts at the root only."""
    if (code := asked.get("lang", [""])[0][:2]) in set(Language):
        return Language(code)
    if here is not Language.english:
        return here
    return preferred(headers.get("accept-language", ""))


def _scheme(scope: Scope, headers: Headers) -> str:
    return headers.get("x-forwarded-proto", scope.get("scheme", "http")).partition(",")[0]


class _Mended:
    """Sends a page of HTML with its own language and head."""

    def __init__(self, send: Any, language: str, head: bytes) -> None:
        self._send, self._language, self._head = send, language.encode(), head
        self._start: Any = None
        self._body = b""

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        headers = MutableHeaders(scope=self._start)
        if "text/html" in headers.get("content-type", "") and self._body:
            before, mark, after = self._body.partition(b"window.gradio_config")
            before = _GRADIO_TAGS.sub(b"", before)
            before = before.replace(b'lang="en"', b'lang="' + self._language + b'"', 1)
            before = before.replace(_CHARSET, _CHARSET + self._head, 1)
            self._body = before + mark + after
            headers["content-length"] = str(len(self._body))
        headers.append("vary", "Accept-Language")
        await self._send(self._start)
        await self._send({**message, "body": self._body})

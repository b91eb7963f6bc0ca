"""What every answer of the page says to a browser, and what is not let in."""

import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from deblur.language import say
from deblur.page.visiting.page_folder import PageFolder
from deblur.page.visiting.visitors import App, Scope

_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
"""Gradio's own scripts are inline, and compile the page's; nothing comes from elsewhere."""

_FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A file is looked at, and runs nothing, whatever it is."""

_FILE = re.compile(r".*/(?:file[=/]|photos/).*", re.DOTALL)
_ELSEWHERE = re.compile(r".*/(?:file[=/]\w+:|proxy=).*", re.DOTALL)
_UPLOAD = re.compile(r".*/upload/?")


def page_policy(framed_by: str = "'self'") -> str:
    """The content security policy of the page; `framed_by` are the sites that may embed it."""
    rules = {**_POLICY, "frame-ancestors": framed_by}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Doors:
    """ASGI: security headers on every answer, and uploads that are too large or find no room.

    Nothing is fetched from elsewhere for a visitor, which Gradio would do for an address.
    """

    def __init__(self, app: App, folder: PageFolder, most: int, policy: str) -> None:
        self._app, self._folder, self._most, self._policy = app, folder, most, policy

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer a request, or let the page answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = _FILE_POLICY if _FILE.fullmatch(scope["path"]) else self._policy

        async def send_safely(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                headers["Content-Security-Policy"] = policy
            await send(message)

        refusal = await self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_safely)

    async def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        path = scope["path"]
        if _ELSEWHERE.fullmatch(path):
            return PlainTextResponse(say("Only files of this page are served."), 403)
        if scope["method"] != "POST" or not _UPLOAD.fullmatch(path):
            return None
        size = Headers(scope=scope).get("content-length", "")
        if not size.isdecimal():
            return PlainTextResponse(say("An upload has to say how large it is."), 411)
        if int(size) > self._most + _FORM_BYTES:
            most = f"{self._most / 1e6:,.0f} MB"
            sentence = say("The file is too large: at most {most} are taken.", most=most)
            return PlainTextResponse(sentence, 413)
        if not await run_in_threadpool(self._folder.has_room, int(size)):
            sentence = say("There is no room for more files here at the moment; try again later.")
            return PlainTextResponse(sentence, 507)
        return None


_FORM_BYTES = 100_000
"""Bytes that a form adds to the file in it."""

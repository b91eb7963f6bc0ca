"""What the page links to: the project's documents, served from here, and its other addresses."""

import tomllib
from html import escape
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deblur.language import say


class Documents:
    """The README and the files of `docs` in a checkout, as they are written, but for a head."""

    def __init__(self, checkout: Path) -> None:
        files = [checkout / "README.md", *checkout.glob("docs/*.md")]
        self._files = {file.name: file for file in files if file.is_file()}
        project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
        self._elsewhere: dict[str, str] = project["project"].get("urls", {})
        self.routes = [Route("/read/{name}", self._show)]

    def links(self) -> str:
        """Links as safe HTML; no other host is contacted before one of them is clicked."""
        here = {
            say("README"): "README.md",
            say("For programs"): "api.md",
            say("How it is measured"): "evaluation-protocol.md",
            say("Serving the page"): "serving.md",
        }
        links = [
            f'<a href="read/{name}" hreflang="en">{escape(title)}</a>'
            for title, name in here.items()
            if name in self._files
        ]
        links += [
            f'<a href="{escape(address)}" rel="noopener">{escape(title)}</a>'
            for title, address in self._elsewhere.items()
        ]
        return " · ".join(links)

    def _show(self, request: Request) -> PlainTextResponse:
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        text = file.read_text(encoding="utf-8")
        head = "---\n"
        return PlainTextResponse(text.split(head, 2)[2].lstrip() if text.startswith(head) else text)

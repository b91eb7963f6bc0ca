"""The page's calls as tools of the Model Context Protocol, at `/mcp`; see docs/api.md.

A tool waits in the page's queue as a visitor does, under the address that its request came from.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import getdoc
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gradio.utils import get_upload_folder
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.routing import BaseRoute

from deblur import __version__
from deblur.errors import OutputError
from deblur.page.visiting.turns import TurnQueue

MAX_REQUEST_BYTES = 100_000
"""Size of a request: photos are sent on their own."""

_FILE = "/gradio_api/file="


class Tools:
    """The tools: `routes` belong to the page, and `running` is entered for as long as it is served.

    `host` is where it is served: a page for this machine alone answers to names of this machine.
    """

    def __init__(self, queue: TurnQueue, host: str) -> None:
        self._queue = queue
        self._server = MCPServer("deblur-arena", version=__version__, log_level="WARNING")
        for tool in (self.restore, self.diagnose, self.leaderboard):
            self._server.add_tool(tool, description=getdoc(tool))
        app = self._server.streamable_http_app(
            stateless_http=True, max_request_body_size=MAX_REQUEST_BYTES, host=host
        )
        self.routes: list[BaseRoute] = [*app.routes]

    @asynccontextmanager
    async def running(self, _: Any) -> AsyncIterator[None]:
        """Inside, the tools answer."""
        async with self._server.session_manager.run():
            yield

    async def restore(
        self, photo: str, context: Context, model: str = "auto", strength: float = 100
    ) -> dict[str, Any]:
        """Make a blurred photograph sharper: camera shake, motion, missed focus, soft print.

        First send the photo to this server, `curl -F files=@PHOTO SERVER/gradio_api/upload`, and
        give as `photo` the path that comes back. JPEG, PNG, WebP, TIFF, HEIC, AVIF, JPEG XL, BMP
        and GIF are taken, up to 200 MB. The result has the photo's format, size and metadata.

        `model` is "auto", which diagnoses the photo and picks what was made for its blur, or leaves
        a sharp photo as it is; or a model's name, "residual-unet-m" being the strongest. `strength`
        is how much of the result there is, in percent: the rest is the photo itself.

        Gives `file`, the address from which the result can be downloaded for about an hour, and
        `report`: what was found before and after, which models ran, how much changed and how much
        got sharper. A large photo takes minutes.
        """
        values = [_sent(photo, context), model, strength]
        restored, report = await self._ask("restore", values, context)
        return {"file": f"{_page_of(context)}{_FILE}{restored['path']}", "report": report}

    async def diagnose(self, photo: str, context: Context) -> dict[str, Any]:
        """Tell what happened to a photograph, without changing it.

        Send the photo as for `restore`, and give the path that comes back. Gives the kind of blur,
        how long or how wide it is in pixels of the photo, noise and compression as numbers, and in
        `said` the same in sentences, with what restoring can be expected to do.
        """
        (found,) = await self._ask("diagnose", [_sent(photo, context)], context)
        return dict(found)

    async def leaderboard(self, context: Context, dataset: str = "") -> dict[str, Any]:
        """Tell how deblurring models compare on a dataset: ranks, scores, speed, size, licence.

        `dataset` is one of the `datasets` that the answer lists; without it, the one with the most
        measured rows is shown. Models share a `rank` where the difference, picture by picture, may
        be chance. `columns` says what each value of a row means and whether higher or lower is
        better, `ranked_by` which one decides; `variants` of a row are the same model on other
        engines or at other precisions. `kind` says who stands behind a row: measured here,
        verified, self-reported, or reported by a paper.
        """
        (table,) = await self._ask("leaderboard", [dataset], context)
        return dict(table)

    async def _ask(self, function: str, values: list[Any], context: Context) -> list[Any]:
        try:
            return await self._queue.ask(function, values, context.request_context.request)
        except OutputError as error:
            raise ToolError(str(error)) from error


def _page_of(context: Context) -> str:
    """The page's address, as who asks knows it."""
    asked: Any = context.request_context.request
    return str(asked.base_url).rstrip("/")


def _sent(photo: str, context: Context) -> dict[str, Any]:
    """A photo that was sent to the page, by its path or its address, and none of anything else."""
    path = Path(unquote(photo.partition(_FILE)[2]) if _FILE in photo else photo)
    if not path.resolve().is_relative_to(Path(get_upload_folder()).resolve()) or not path.is_file():
        raise ToolError(
            f"{photo} is no photo that was sent to this page: send it first, "
            f"`curl -F files=@PHOTO {_page_of(context)}/gradio_api/upload`, and give the path that "
            "comes back"
        )
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}

"""A Hub with one dataset on this machine, and what goes wrong there."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "7" * 40
REPO = "guest/pictures"
_PATHS = re.compile(
    r"/(?:api/)?datasets/(?P<repo>[^/]+/[^/]+)"
    r"(?:/(?P<what>revision|tree|resolve)/(?P<revision>[^/?]+)(?:/(?P<file>[^?]+))?)?(?:\?.*)?"
)


@dataclass
class DatasetHub:
    """The files of REPO on its main branch.

    `refusal`, a status and a code of the Hub's, is answered to requests whose line holds
    `refused`, and `page` to all. With `cut` no answer holds more bytes of a file than that
    before the connection breaks, and after so many `pieces` none at all.
    """

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refusal: tuple[int, str] | None = None
    refused: str = ""
    page: bytes | None = None
    cut: int | None = None
    pieces: int = 0


class _Handler(BaseHTTPRequestHandler):
    hub: DatasetHub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        line = f"{self.command} {self.path}"
        wanted = self.headers.get("Range", "")
        self.hub.requests.append(f"{line} {wanted}".strip())
        match = _PATHS.fullmatch(self.path)
        if self.hub.page is not None:
            self._send(self.hub.page)
        elif self.hub.refusal and self.hub.refused in line:
            self._refuse(*self.hub.refusal)
        elif match is None or match["repo"] != REPO:
            self._refuse(404, "RepoNotFound")
        elif match["revision"] not in (None, "main", COMMIT):
            self._refuse(404, "RevisionNotFound")
        elif match["what"] == "resolve":
            self._send_file(match["file"], wanted)
        elif match["what"] == "tree":
            self._send(json.dumps([self._entry(path) for path in self.hub.files]).encode())
        else:
            self._send(json.dumps({"id": REPO, "sha": COMMIT}).encode())

    def _entry(self, path: str) -> dict[str, object]:
        content = self.hub.files[path]
        return {
            "type": "file",
            "path": path,
            "size": len(content),
            "oid": sha1(content).hexdigest(),
        }

    def _send_file(self, path: str, wanted: str) -> None:
        content = self.hub.files[path]
        etag = sha256(content).hexdigest()
        match = re.fullmatch(r"bytes=(\d+)-", wanted)
        start = int(match[1]) if match else 0
        self.send_response(206 if match else 200)
        if match:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{etag}"')
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        rest = content[start:]
        if self.hub.cut is not None and len(rest) > self.hub.cut:
            rest = rest[: self.hub.cut if self.hub.pieces else 0]
            self.hub.pieces = max(0, self.hub.pieces - 1)
            self.close_connection = True
        self.wfile.write(rest)

    def _send(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[DatasetHub]:
    """That Hub, until the block ends."""

    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.hub = DatasetHub(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Handler.hub
        finally:
            server.shutdown()
            thread.join()

"""The Hub's protocol: what is answered to which request."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.loopback_hub.state import TOKEN, Hub, Repo, Request


class RefusedError(Exception):
    """Status, the Hub's code for what is wrong, and a sentence."""


def git_hash(content: bytes) -> str:
    """What git calls a file of that content."""
    return sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_text(content: bytes) -> bool:
    """Whether the Hub keeps a file in git, and not in LFS."""
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def describe(path: str, content: bytes) -> dict[str, Any]:
    """A file as the Hub lists it."""
    entry = {"type": "file", "path": path, "size": len(content), "oid": git_hash(content)}
    lfs = {"oid": sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return entry if is_text(content) else entry | {"lfs": lfs}


class Handler(BaseHTTPRequestHandler):
    """Answers requests from the class's `hub`; ROUTES says which method answers what."""

    hub: Hub

    def do_GET(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        self.query = {name: values[0] for name, values in parse_qs(query).items()}
        self.signed = "Authorization" in self.headers
        line = f"{self.command} {path}"
        with self.hub.lock:
            self.hub.requests.append(Request(line, self.headers.get("Range", ""), self.signed))
            fault = next((f for f in self.hub.faults if f.times > 0 and f.matching in line), None)
            if fault is None:
                return self._route(line)
            fault.times -= 1
        if fault.status is not None:
            self._send(fault.status, fault.body, fault.headers)

    do_HEAD = do_GET  # noqa: N815
    do_POST = do_GET  # noqa: N815

    def _route(self, line: str) -> None:
        try:
            if self.headers.get("Authorization", f"Bearer {TOKEN}") != f"Bearer {TOKEN}":
                raise RefusedError(401, "", "Invalid credentials in Authorization header")
            for pattern, answer in ROUTES.items():
                if match := re.fullmatch(pattern, line):
                    asked = {name: unquote(part or "") for name, part in match.groupdict().items()}
                    return answer(self, **asked)
            raise RefusedError(404, "", f"no such page: {line}")
        except RefusedError as refused:
            status, code, sentence = refused.args
            self._send(status, b"", {"X-Error-Code": code, "X-Error-Message": sentence})

    def whoami(self) -> None:
        self._needs_token()
        self._send_json({"type": "user", "name": "guest", "orgs": [], "auth": {}})

    def validate_card(self) -> None:
        self._send_json({"errors": [], "warnings": []})

    def create(self) -> None:
        self._needs_token()
        asked = json.loads(self.body)
        name = f"{asked.get('organization') or 'guest'}/{asked['name']}"
        kind = asked.get("type", "model")
        status = 409 if (kind, name) in self.hub.repos else 200
        self.hub.add_repo(name, kind, private=asked.get("visibility") == "private")
        url = f"{self.hub.url}/{'datasets/' * (kind == 'dataset')}{name}"
        self._send_json({"url": url}, status)

    def info(self, kind: str, name: str, revision: str) -> None:
        repo, commit = self._find(kind, name, revision)
        siblings = [{"rfilename": path} for path in repo.files(commit)]
        about = {"private": repo.private, "gated": "auto" if repo.gated else False}
        self._send_json({"id": name, "sha": commit, "siblings": siblings, "tags": []} | about)

    def tree(self, kind: str, name: str, revision: str, folder: str) -> None:
        repo, commit = self._find(kind, name, revision)
        files, top = repo.files(commit), PurePosixPath(folder)
        inside = [path for path in files if top in PurePosixPath(path).parents]
        if folder and not inside:
            raise RefusedError(404, "EntryNotFound", f"{folder} does not exist")
        deep = self.query.get("recursive", "").lower() == "true"
        shown = [path for path in inside if deep or PurePosixPath(path).parent == top]
        self._send_json([describe(path, files[path]) for path in shown])

    def paths_info(self, kind: str, name: str, revision: str) -> None:
        repo, commit = self._find(kind, name, revision)
        wanted = parse_qs(self.body.decode()).get("paths", [])
        self._send_json([describe(p, c) for p, c in repo.files(commit).items() if p in wanted])

    def preupload(self, kind: str, name: str, revision: str) -> None:
        self._needs_token()
        repo, commit = self._find(kind, name, revision)
        there = {path: git_hash(content) for path, content in repo.files(commit).items()}
        paths = [file["path"] for file in json.loads(self.body)["files"]]
        about = {"uploadMode": "regular", "shouldIgnore": False}
        self._send_json({"files": [{"path": p, "oid": there.get(p)} | about for p in paths]})

    def commit(self, kind: str, name: str, revision: str) -> None:
        self._needs_token()
        repo, head = self._find(kind, name, revision)
        first, *operations = [json.loads(line) for line in self.body.splitlines()]
        if first["value"].get("parentCommit", head) != head:
            raise RefusedError(412, "", "A commit has happened since.")
        changes: dict[str, bytes | None] = {}
        for operation in operations:
            path, content = operation["value"]["path"], operation["value"].get("content")
            if operation["key"] == "file":
                changes[path] = base64.b64decode(content)
            else:
                folder = f"{path.rstrip('/')}/"
                inside = (file for file in repo.files(head) if f"{file}/".startswith(folder))
                changes |= dict.fromkeys(inside)
        request = 1 + sum(ref.startswith("refs/pr/") for ref in repo.refs)
        branch = f"refs/pr/{request}" if self.query.get("create_pr") else revision
        repo.tag(branch, head)
        commit, page = repo.commit(changes, branch), f"{self.hub.url}/{name}"
        urls = {"commitUrl": f"{page}/commit/{commit}", "commitOid": commit}
        self._send_json(urls | {"pullRequestUrl": f"{page}/discussions/{request}"})

    def resolve(self, kind: str, name: str, revision: str, file: str) -> None:
        repo, commit = self._find(kind, name, revision)
        if repo.gated:
            raise RefusedError(403 if self.signed else 401, "GatedRepo", f"{name} is restricted")
        headers, content = {"X-Repo-Commit": commit}, repo.files(commit).get(file)
        if content is None:
            return self._send(404, b"", headers | {"X-Error-Code": "EntryNotFound"})
        if is_text(content):
            return self._send(200, content, headers | {"ETag": f'"{git_hash(content)}"'})
        digest = sha256(content).hexdigest()
        headers |= {"X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{digest}"'}
        place = self.hub.url.replace("127.0.0.1", "localhost")
        self._send(302, b"", headers | {"Location": f"{place}/cdn/{commit}/{name}/{file}"})

    def cdn(self, revision: str, name: str, file: str) -> None:
        repos = (repo for repo in self.hub.repos.values() if repo.name == name)
        content = next(repo for repo in repos if revision in repo.commits).files(revision)[file]
        if self.command == "GET" and self.hub.spoilt:
            self.hub.spoilt -= 1
            content = content[:-1] + bytes([content[-1] ^ 1])
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        headers = {"ETag": f'"{sha256(content).hexdigest()}"'}
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        rest, most = content[start:], len(content)
        if self.hub.cut is not None and len(rest) > self.hub.cut:
            most = self.hub.cut if self.hub.pieces > 0 else 0
            self.hub.pieces -= 1
        self._send(206 if wanted else 200, rest, headers, most)

    def _needs_token(self) -> None:
        if not self.signed:
            raise RefusedError(401, "", "Invalid username or password.")

    def _find(self, kind: str, name: str, revision: str) -> tuple[Repo, str]:
        repo = self.hub.repos.get(("dataset" if "dataset" in kind else "model", name))
        if repo is None or (repo.private and not self.signed):
            raise RefusedError(404 if repo is None else 401, "RepoNotFound", "Repository not found")
        commit = repo.refs.get(revision or "main", revision)
        if commit not in repo.commits:
            raise RefusedError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return repo, commit

    def _send_json(self, answer: object, status: int = 200) -> None:
        self._send(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _send(
        self, status: int, content: bytes, headers: Mapping[str, str], most: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.hold and "/cdn/" in self.path:
            self.wfile.write(content[: len(content) // 2])
            self.hub.lock.release()  # others are answered meanwhile
            self.hub.hold.wait(60)
            self.hub.lock.acquire()
            content = content[len(content) // 2 :]
        self.wfile.write(content[:most])

    def log_message(self, format: str, *args: object) -> None:
        pass


_API = r"/api/(?P<kind>models|datasets)/(?P<name>[^/]+/[^/]+)"
ROUTES: dict[str, Callable[..., None]] = {
    r"GET /api/whoami-v2": Handler.whoami,
    r"POST /api/validate-yaml": Handler.validate_card,
    r"POST /api/repos/create": Handler.create,
    rf"GET {_API}(/revision/(?P<revision>[^/]+))?": Handler.info,
    rf"GET {_API}/tree/(?P<revision>[^/]+)(/(?P<folder>.+))?": Handler.tree,
    rf"POST {_API}/paths-info/(?P<revision>[^/]+)": Handler.paths_info,
    rf"POST {_API}/preupload/(?P<revision>[^/]+)": Handler.preupload,
    rf"POST {_API}/commit/(?P<revision>[^/]+)": Handler.commit,
    r"(?:GET|HEAD) /cdn/(?P<revision>\w+)/(?P<name>[^/]+/[^/]+)/(?P<file>.+)": Handler.cdn,
    r"(?:GET|HEAD) (?P<kind>/datasets)?/(?P<name>[^/]+/[^/]+)"
    r"/resolve/(?P<revision>[^/]+)/(?P<file>.+)": Handler.resolve,
}

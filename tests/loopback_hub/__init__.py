"""A Hugging Face Hub on this machine for the real client: repositories, commits, and faults.

It speaks as much of the Hub's protocol as huggingface_hub needs to look up, list, fetch and
commit. Text is served where it is asked for, as from git; everything else through a redirect to
another host ("the CDN"), as from LFS. Whoever writes, or reads what is private, needs TOKEN.

    with loopback_hub() as hub:
        repo = hub.add_repo("guest/model")
        commit = repo.commit({"config.json": b"{}"})

A child process finds it by `hub.environment(home)`; in this process, `hub.adopt(monkeypatch, home)`
turns the client that is already imported to it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from tests.loopback_hub.answers import Handler
from tests.loopback_hub.state import TOKEN, Fault, Hub, Kind, Repo, Request

__all__ = ["TOKEN", "Fault", "Hub", "Kind", "Repo", "Request", "loopback_hub"]


@contextmanager
def loopback_hub() -> Iterator[Hub]:
    """A Hub with nothing in it, until the block ends."""

    class Answers(Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Answers.hub = Hub(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Answers.hub
        finally:
            server.shutdown()
            thread.join()

"""Who is here, and whose turn it is."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from anyio.from_thread import start_blocking_portal
from starlette.requests import Request

from deblur.errors import OutputError
from deblur.page.visiting import visitors
from deblur.page.visiting.turns import MAX_PER_ADDRESS, TurnQueue, take_turns
from deblur.page.visiting.visitors import Run, Visitors, WatchStreams, session_of_stream


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ask(called: Callable[..., Awaitable[Any]], *values: Any) -> Any:
    """What a coroutine answers, in a thread of its own: a browser test keeps a loop in this one."""
    with start_blocking_portal() as portal:
        return portal.call(called, *values)


def test_a_visitor_is_here_while_a_stream_is_open_and_a_moment_longer(clock: Clock) -> None:
    there = Visitors(10, clock)
    assert not there.is_here("ann")
    there.enter("ann")
    there.enter("ann")
    clock.now = 100
    there.leave("ann")
    assert there.listens("ann")
    there.leave("ann")
    assert not there.listens("ann")
    clock.now = 109
    assert there.is_here("ann")
    clock.now = 111
    assert not there.is_here("ann")


@pytest.mark.parametrize(
    ("method", "path", "query", "session"),
    [
        ("GET", "/gradio_api/heartbeat/ann", b"", "ann"),
        ("GET", "/gradio_api/queue/data", b"a=b&session_hash=ann", "ann"),
        ("GET", "/gradio_api/call/check/event", b"", "event"),
        ("POST", "/gradio_api/call/check", b"", None),
        ("GET", "/gradio_api/file=/tmp/a", b"", None),
    ],
)
def test_which_requests_are_streams(
    method: str, path: str, query: bytes, session: str | None
) -> None:
    scope = {"type": "http", "method": method, "path": path, "query_string": query}
    assert session_of_stream(scope) == session


def test_a_stream_that_breaks_is_closed(clock: Clock) -> None:
    there = Visitors(10, clock)

    async def broken(*_: Any) -> None:
        assert there.listens("ann")
        raise ConnectionError

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/gradio_api/heartbeat/ann",
        "query_string": b"",
    }
    with pytest.raises(ConnectionError):
        ask(WatchStreams(broken, there), scope, None, None)
    assert not there.listens("ann")


def test_a_run_ends_when_cancelled_left_or_late(monkeypatch: pytest.MonkeyPatch) -> None:
    here, clock = [True], Clock()
    monkeypatch.setattr(visitors.time, "monotonic", clock)
    run = Run(lambda: here[0], 10)
    clock.now = 100
    run.begin()
    assert not run.is_set()
    clock.now = 111
    assert run.is_set()
    assert run.is_late
    clock.now = 105
    here[0] = False
    assert run.is_set()
    here[0] = True
    run.set()
    assert run.is_set()
    assert not run.is_late


@pytest.fixture
def queue(clock: Clock) -> TurnQueue:
    with gr.Blocks() as demo:
        text = gr.Textbox()
        for limit in (1, 3):
            gr.Button().click(str, text, text, concurrency_limit=limit)
    take_turns(demo, Visitors(10, clock))
    queue = demo._queue
    assert isinstance(queue, TurnQueue)
    queue.active_jobs = []
    return queue


def join(queue: TurnQueue, session: str, address: str, kind: int = 0) -> Any:
    """Ask for something: an event's id, or why it is refused."""
    request = SimpleNamespace(client=SimpleNamespace(host=address))
    body = SimpleNamespace(session_hash=session, fn_index=kind, event_id=None)
    taken, told, state = ask(queue.push, body, request, None)
    return told if taken else (state, told)


def begin(queue: TurnQueue) -> str | None:
    """The session whose request begins next."""
    found = queue.get_events()
    if found is None:
        return None
    (event,) = found[0]
    queue.active_jobs.append([event])
    queue.event_queue_per_concurrency_id[found[2]].current_concurrency += 1
    return str(event.session_hash)


def end_all(queue: TurnQueue) -> None:
    queue.active_jobs = []
    for each in queue.event_queue_per_concurrency_id.values():
        each.current_concurrency = 0


def test_of_a_visitors_requests_the_last_waits(queue: TurnQueue) -> None:
    for _ in range(30):
        assert isinstance(join(queue, "ann", "192.0.2.1"), str)
    assert len(queue) == 1


def test_an_address_has_only_so_many_that_wait(queue: TurnQueue) -> None:
    told = [join(queue, f"{number}", "192.0.2.1") for number in range(30)]
    assert len(queue) == MAX_PER_ADDRESS
    state, sentence = told[-1]
    assert state == "queue_full"
    assert sentence.startswith("Too many requests from your network are waiting")
    assert isinstance(join(queue, "ben", "192.0.2.2"), str)


def test_this_machine_itself_is_no_network(queue: TurnQueue) -> None:
    """A proxy on it says for whom it asks."""
    for number in range(2 * MAX_PER_ADDRESS):
        assert isinstance(join(queue, f"{number}", "127.0.0.1", kind=1), str)
    assert [begin(queue) for _ in range(4)] == ["0", "1", "2", None]


def request_of(address: str) -> Request:
    scope = {"type": "http", "method": "POST", "path": "/mcp", "query_string": b"", "headers": []}
    return Request({**scope, "client": (address, 1), "server": ("192.0.2.9", 80)})


def test_a_tool_has_its_callers_limit(queue: TurnQueue) -> None:
    for number in range(MAX_PER_ADDRESS):
        join(queue, f"visitor-{number}", "192.0.2.1")
        queue._visitors.enter(f"visitor-{number}")
    with pytest.raises(OutputError, match="requests from your network are waiting"):
        ask(queue.ask, "str", ["word"], request_of("192.0.2.1"))
    assert len(queue) == MAX_PER_ADDRESS


def test_a_tool_whose_caller_leaves_waits_no_longer(queue: TurnQueue) -> None:
    async def leave() -> None:
        asking = asyncio.ensure_future(queue.ask("str", ["word"], request_of("192.0.2.1")))
        while not len(queue):
            await asyncio.sleep(0)
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking

    ask(leave)
    assert len(queue) == 0
    assert queue.pending_messages_per_session == {}


def test_another_network_waits_for_no_flood(queue: TurnQueue) -> None:
    for number in range(6):
        join(queue, f"{number}", "192.0.2.1")
    assert begin(queue) == "0"
    join(queue, "ben", "192.0.2.2")
    end_all(queue)
    assert begin(queue) == "ben"


def test_who_listens_comes_before_who_does_not(queue: TurnQueue) -> None:
    join(queue, "script", "192.0.2.1")
    join(queue, "ann", "192.0.2.1")
    queue._visitors.enter("ann")
    assert begin(queue) == "ann"


def test_who_has_left_has_no_turn_and_takes_no_place(queue: TurnQueue, clock: Clock) -> None:
    for number in range(MAX_PER_ADDRESS):
        join(queue, f"{number}", "192.0.2.1")
    clock.now = 11
    assert isinstance(join(queue, "ann", "192.0.2.1"), str)
    assert len(queue) == 1
    assert begin(queue) == "ann"
    assert begin(queue) is None


def test_one_network_never_has_all_places(queue: TurnQueue) -> None:
    for number in range(4):
        join(queue, f"{number}", "192.0.2.1", kind=1)
    assert [begin(queue) for _ in range(3)] == ["0", "1", None]
    join(queue, "ben", "192.0.2.2", kind=1)
    assert begin(queue) == "ben"

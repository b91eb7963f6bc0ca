"""Whose turn it is: a bounded queue, in which many requests of one visitor do not delay others."""

import ipaddress
import random
import secrets
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event, EventQueue, Queue
from gradio.server_messages import ProcessCompletedMessage, UnexpectedErrorMessage
from pydantic import BaseModel
from starlette.requests import Request

from deblur.errors import OutputError
from deblur.language import Language, say, speaking
from deblur.page.visiting.visitors import Visitors

MAX_WAITING = 300
"""Requests that may wait, of all visitors together."""

MAX_PER_VISITOR = 10
MAX_PER_ADDRESS = 20
"""Requests of one kind that may wait for one network address; loopback has no limit."""

TURN_MEMORY_SECONDS = 60.0
"""Seconds for which the page remembers whose request ran."""

_ASKED = "/gradio_api/queue/join"
"""The address at which programs ask; what is made of files' addresses depends on it."""


def take_turns(demo: gr.Blocks, visitors: Visitors) -> "TurnQueue":
    """Give a page that is laid out a queue by turns."""
    demo.queue(max_size=MAX_WAITING)
    queue = demo._queue = TurnQueue(demo, visitors)
    return queue


class TurnQueue(Queue):
    """Gradio's queue, but of one visitor's requests of a kind one waits, the last.

    Who listens comes before who does not, then whose network had fewer turns of late, then who
    came first. Requests of visitors who have left go. Where there are several places for a kind
    of work, one network never has all of them.
    """

    def __init__(self, demo: gr.Blocks, visitors: Visitors) -> None:
        super().__init__(
            live_updates=True,
            concurrency_count=demo.max_threads,
            update_intervals=1,
            max_size=MAX_WAITING,
            blocks=demo,
        )
        self._visitors = visitors
        self._turns: dict[str, deque[float]] = {}

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        """Take a request in, or say why not, in the language of its page."""
        asked = self.blocks.fns.get(body.fn_index)
        page = asked.page if asked else ""
        with speaking(Language(page or Language.english)):
            return await self._push(body, request, username)

    async def _push(self, body: Any, request: Any, username: str | None) -> Any:
        waiting = [event for each in self._queues() for event in each.queue]
        own = [event for event in waiting if event.session_hash == body.session_hash]
        alike = [event for event in waiting if event.fn._id == body.fn_index]
        address = address_of(request)
        near = [event for event in alike if address and address_of(event.request) == address]
        for event in (event for event in own if event in alike):
            self._drop(event, say("A later request of yours replaced it."))
        if len(near) >= MAX_PER_ADDRESS:
            self._drop_absent(near)
        left = [event for event in near if event in self._waiting(event)]
        if len(own) >= MAX_PER_VISITOR or len(left) >= MAX_PER_ADDRESS:
            sentence = say(
                "Too many requests from your network are waiting. Nothing was lost; try again soon."
            )
            return False, sentence, "queue_full"
        if len(self) >= MAX_WAITING:
            sentence = say(
                "Too many people are using this at the moment. Nothing of yours was lost; try "
                "again soon."
            )
            return False, sentence, "queue_full"
        taken = await super().push(body, request, username)
        if taken[0]:
            self._visitors.see(body.session_hash or str(taken[1]))
        return taken

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """The next request that may begin, with the kind of its work."""
        for each in random.sample([*self._queues()], len(self.event_queue_per_concurrency_id)):
            self._drop_absent([*each.queue])
            limit = each.concurrency_limit
            if (limit is None or each.current_concurrency < limit) and (event := self._next(each)):
                each.queue.remove(event)
                self._remember(address_of(event.request))
                return [event], False, each.concurrency_id
        return None

    async def ask(self, function: str, values: list[Any], request: Any) -> list[Any]:
        """What a function gives that programs may call, in its turn; `request` is whose turn it is.

        Who leaves before it is there ends it. Raises OutputError with what the function says.
        """
        found = next(each for each in self.blocks.fns.values() if each.api_name == function)
        session = secrets.token_hex(16)
        asked = Request({**request.scope, "path": _ASKED, "raw_path": _ASKED.encode()})
        body = PredictBodyInternal(
            session_hash=session, data=values, fn_index=found._id, request=asked
        )
        self.set_server_app(self.blocks.app)
        self._visitors.enter(session)
        try:
            taken, told, _ = await self.push(body, asked, None)
            if not taken:
                raise OutputError(str(told))
            return await self._answer(session)
        finally:
            self._visitors.leave(session)
            await self.clean_events(session_hash=session)
            self.pending_messages_per_session.pop(session, None)

    async def _answer(self, session: str) -> list[Any]:
        """What the only request of a session comes to."""
        messages = self.pending_messages_per_session[session]
        while True:
            message = await messages.get()
            if isinstance(message, UnexpectedErrorMessage):
                raise OutputError(say("it failed; try again"))
            if isinstance(message, ProcessCompletedMessage):
                if not message.success:
                    reason = message.output.get("error") or say("it failed; try again")
                    raise OutputError(str(reason))
                given = message.output["data"]
                return [
                    each.model_dump() if isinstance(each, BaseModel) else each for each in given
                ]

    def _queues(self) -> Iterator[EventQueue]:
        yield from self.event_queue_per_concurrency_id.values()

    def _waiting(self, event: Event) -> list[Event]:
        return self.event_queue_per_concurrency_id[event.concurrency_id].queue

    def _next(self, waiting: EventQueue) -> Event | None:
        limit = waiting.concurrency_limit
        most = limit - 1 if limit and limit > 1 else 1_000
        running = [
            address_of(event.request)
            for job in self.active_jobs
            for event in job or []
            if event.concurrency_id == waiting.concurrency_id
        ]
        may = [
            each
            for each in waiting.queue
            if not (address := address_of(each.request)) or running.count(address) < most
        ]
        return min(may, key=self._turn, default=None)

    def _turn(self, event: Event) -> tuple[bool, int, float]:
        return (
            not self._listens(event),
            self._turns_of(address_of(event.request)),
            event.enqueue_time,
        )

    def _listens(self, event: Event) -> bool:
        return self._visitors.listens(event.session_hash) or self._visitors.listens(event._id)

    def _drop_absent(self, events: list[Event]) -> None:
        for event in events:
            here = self._visitors.is_here(event.session_hash) or self._listens(event)
            if not here:
                self._drop(event, "")

    def _drop(self, event: Event, why: str) -> None:
        """Take a request out of the queue, and tell who listens."""
        self._waiting(event).remove(event)
        self.event_ids_to_events.pop(event._id, None)
        if why and event.session_hash in self.pending_messages_per_session:
            told = ProcessCompletedMessage(output={"error": why}, success=False)
            self.send_message(event, told)
        else:
            self.pending_event_ids_session.get(event.session_hash, set()).discard(event._id)

    def _turns_of(self, address: str) -> int:
        turns = self._turns.get(address, deque[float]()) if address else deque[float]()
        while turns and time.monotonic() - turns[0] > TURN_MEMORY_SECONDS:
            turns.popleft()
        return len(turns)

    def _remember(self, address: str) -> None:
        self._turns = {each: turns for each, turns in self._turns.items() if self._turns_of(each)}
        self._turns.setdefault(address, deque(maxlen=1_000)).append(time.monotonic())


def address_of(request: Any) -> str:
    """The network address that a request came from; nothing for this machine's own."""
    address = request.client.host if request is not None and request.client else ""
    try:
        return "" if ipaddress.ip_address(address).is_loopback else address
    except ValueError:
        return address

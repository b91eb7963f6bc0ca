"""A network that works when it is allowed to."""

from threading import Event, Semaphore

from deblur.backends.base import Batch
from tests.browser.visits import TIMEOUT_MS


class HeldBackend:
    """Gives back what it gets, each tile when it is allowed to."""

    name, device, execution_provider, precision, notes = "held", "cpu", "held", "fp32", ()

    def __init__(self) -> None:
        self.tiles, self.reached, self.allowed = 0, Event(), Semaphore(0)

    def run(self, batch: Batch) -> Batch:
        self.tiles += 1
        self.reached.set()
        assert self.allowed.acquire(timeout=TIMEOUT_MS / 1000)
        return batch

    def at_full_precision(self) -> "HeldBackend":
        return self

"""Photos one after the other: while one is restored, the next is read and the last written."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Semaphore

from deblur.cli.jobs import Job
from deblur.cli.photo_worker import Outcome, PhotoWorker
from deblur.image_io import DecodedImage

MAX_OVERLAP_BYTES = 72_000_000
"""Pixels of a photo, 24 MP of them, beside which another is held; a larger one is alone."""


def one_after_the_other(jobs: Sequence[Job], worker: PhotoWorker) -> Iterator[tuple[Job, Outcome]]:
    """Each job and its outcome, in the order of the jobs.

    The network has one photo at a time, and two are in memory at most.
    """
    room, cancel = Semaphore(1), Event()

    def carry_out(job: Job, before: Event, done: Event) -> Outcome:
        """`before` and `done` say that the network is through with the last photo, and this one."""
        following = Event()

        def let_follow() -> None:
            if not following.is_set():
                following.set()
                room.release()

        @contextmanager
        def turn(photo: DecodedImage) -> Iterator[None]:
            if photo.pixels.nbytes <= MAX_OVERLAP_BYTES:
                let_follow()
            before.wait()
            yield
            done.set()

        try:
            return replace(worker, writing={**worker.writing, "turn": turn, "cancel": cancel})(job)
        finally:
            before.wait()
            done.set()
            let_follow()

    before = Event()
    before.set()
    under_way = deque[tuple[Job, Future[Outcome]]]()
    with ThreadPoolExecutor(2) as pool:
        try:
            for job in jobs:
                room.acquire()
                under_way.append((job, pool.submit(carry_out, job, before, done := Event())))
                before = done
                while under_way and under_way[0][1].done():
                    first, outcome = under_way.popleft()
                    yield first, outcome.result()
            for first, outcome in under_way:
                yield first, outcome.result()
        except BaseException:
            cancel.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise

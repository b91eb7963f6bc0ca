"""A crew of processes on this machine; one that is killed is replaced."""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

from deblur.crews import Crew, Job, Result, Worker
from deblur.errors import CrewError

_make_worker: Callable[[], Worker[Any, Any]]


def carry_out_in_processes(
    jobs: Sequence[Job],
    make_worker: Callable[[], Worker[Job, Result]],
    crew: Crew,
    again: Callable[[Job], Job],
) -> Iterator[tuple[Job, Result]]:
    """See `carry_out`."""
    queue = deque(range(len(jobs)))
    deaths = Counter[int]()
    while queue:
        under_way: dict[Future[Result], int] = {}
        with ProcessPoolExecutor(
            min(crew.workers, len(queue)), get_context("spawn"), _start, (make_worker,)
        ) as pool:
            try:
                while queue or under_way:
                    while queue and len(under_way) < crew.workers:
                        index = queue[0]
                        job = again(jobs[index]) if deaths[index] else jobs[index]
                        under_way[pool.submit(_work, job)] = index
                        queue.popleft()
                    done = wait(under_way, return_when=FIRST_COMPLETED).done
                    for each in sorted(done, key=_died):
                        result = each.result()
                        yield jobs[under_way.pop(each)], result
            except BrokenProcessPool as error:
                lost = list(under_way.values())
                deaths.update(lost)
                _give_up(jobs, deaths, crew, error)
                queue.extendleft(reversed(lost))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _died(done: Future[Any]) -> bool:
    return isinstance(done.exception(), BrokenProcessPool)


def _give_up(jobs: Sequence[Job], deaths: Counter[int], crew: Crew, error: Exception) -> None:
    index, times = deaths.most_common(1)[0]
    if times >= crew.attempts:
        raise CrewError(
            f"the process that worked on {jobs[index]} died {times} times (out of memory, most "
            "likely): take fewer workers, or smaller tiles"
        ) from error


def end_with_parent() -> None:
    """Let this process end when the one that started it is gone, however that one ended."""
    Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _start(make_worker: Callable[[], Worker[Any, Any]]) -> None:
    global _make_worker
    end_with_parent()
    _make_worker = cache(make_worker)


def _work(job: Any) -> Any:
    """The worker is made here, at the first job: what that raises reaches the caller."""
    return _make_worker()(job)

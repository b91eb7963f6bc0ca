"""A crew on a Ray cluster: one actor a worker, replaced elsewhere when its node goes down."""

import logging
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, cast

from deblur.crews import Crew, Job, Result, Worker
from deblur.errors import CrewError
from deblur.extras import how_to_install

_PLACEMENT_SECONDS = 120.0
"""Seconds to wait for a cluster that has no place for a single worker."""
_CONNECT_SECONDS = 5.0
"""Seconds to wait for an answer from a cluster's head."""


def carry_out_on_ray(
    jobs: Sequence[Job],
    make_worker: Callable[[], Worker[Job, Result]],
    crew: Crew,
    again: Callable[[Job], Job],
) -> Iterator[tuple[Job, Result]]:
    """See `carry_out`."""
    with _RayCrew(make_worker, crew) as actors:
        yield from actors.carry_out(jobs, again)


class _RayWorker:
    """What runs in an actor."""

    def __init__(self, make_worker: Callable[[], Worker[Any, Any]]) -> None:
        self._make_worker = cache(make_worker)

    def ready(self) -> None:
        """Answered once the worker is made; what that raises reaches the caller."""
        self._make_worker()

    def work(self, job: Any) -> Any:
        return self._make_worker()(job)


class _RayCrew:
    def __init__(self, make_worker: Callable[[], Worker[Any, Any]], crew: Crew) -> None:
        self._ray = _connect(crew)
        self._make_worker, self._crew = make_worker, crew
        self._starting: dict[Any, Any] = {}
        self._under_way: dict[Any, tuple[Any, int]] = {}
        self._idle: list[Any] = []
        self._deaths = Counter[int]()
        self._false_starts = 0

    def __enter__(self) -> "_RayCrew":
        return self

    def __exit__(self, *_: object) -> None:
        working = [actor for actor, _ in self._under_way.values()]
        for actor in (*self._starting.values(), *working, *self._idle):
            self._ray.kill(actor)

    def carry_out(
        self, jobs: Sequence[Any], again: Callable[[Any], Any]
    ) -> Iterator[tuple[Any, Any]]:
        queue = deque(range(len(jobs)))
        for _ in range(min(self._crew.workers, len(jobs))):
            self._start()
        while queue or self._under_way:
            while queue and self._idle:
                actor, index = self._idle.pop(), queue.popleft()
                job = again(jobs[index]) if self._deaths[index] else jobs[index]
                self._under_way[actor.work.remote(job)] = actor, index
            for reference in self._wait():
                if reference in self._starting:
                    self._begin(reference)
                else:
                    yield from self._collect(reference, jobs, queue)

    def _start(self) -> None:
        actor_class = self._ray.remote(
            num_cpus=1, num_gpus=self._crew.gpus, max_restarts=0, max_task_retries=0
        )(_RayWorker)
        actor = actor_class.remote(self._make_worker)
        self._starting[actor.ready.remote()] = actor

    def _wait(self) -> list[Any]:
        waiting = [*self._starting, *self._under_way]
        patience = None if self._under_way else _PLACEMENT_SECONDS
        ready, _ = self._ray.wait(waiting, num_returns=1, timeout=patience)
        if not ready:
            raise CrewError(
                f"the Ray cluster had no place for a worker within {_PLACEMENT_SECONDS:.0f} s; "
                f"it has {self._ray.cluster_resources()}: add nodes, or ask for fewer GPUs"
            )
        return cast(list[Any], ready)

    def _begin(self, reference: Any) -> None:
        actor = self._starting.pop(reference)
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from error
        except self._ray.exceptions.RayActorError as error:
            self._false_starts += 1
            if self._false_starts >= self._crew.attempts * self._crew.workers:
                raise CrewError(f"workers do not start on the Ray cluster: {error}") from error
            self._start()
        else:
            self._idle.append(actor)

    def _collect(
        self, reference: Any, jobs: Sequence[Any], queue: deque[int]
    ) -> Iterator[tuple[Any, Any]]:
        actor, index = self._under_way.pop(reference)
        try:
            result = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from error
        except self._ray.exceptions.RayActorError as error:
            self._deaths[index] += 1
            if self._deaths[index] >= self._crew.attempts:
                raise CrewError(
                    f"the worker on {jobs[index]} died {self._deaths[index]} times: {error}"
                ) from error
            queue.appendleft(index)
            self._start()
        else:
            self._idle.append(actor)
            yield jobs[index], result


def _connect(crew: Crew) -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise CrewError(
            f"Ray is not installed: {how_to_install('scale')}; or leave --crew out"
        ) from error
    if crew.address:
        _check_head(crew.address)
    if not ray.is_initialized():
        ray.init(
            address=crew.address,
            num_cpus=None if crew.address else crew.workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.WARNING,
        )
    return ray


def _check_head(address: str) -> None:
    """Ray itself tries for minutes to reach a cluster that is not there."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise CrewError(
            f"there is no Ray cluster at {address} ({error}); give HOST:PORT of its head, as "
            "`ray start --head` prints it"
        ) from error

"""Carry out many jobs: one after another, in processes of this machine, or on a Ray cluster.

A worker is a function of a job that may hold something heavy, as a loaded model; `make_worker`
makes one in each place where jobs are done, so it must travel there (by pickle). The
caller sees the same results whatever the crew, in the order in which the jobs are done.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Worker = Callable[[Job], Result]
CrewName = Literal["serial", "processes", "ray"]


@dataclass(frozen=True)
class Crew:
    """How work is spread: over `workers` (serial: always one), each with `gpus` GPUs.

    `address` is a Ray cluster's, None starts one on this machine. A job whose worker dies is
    given to another, up to `attempts` times in all.
    """

    name: CrewName = "serial"
    workers: int = 1
    address: str | None = None
    gpus: float = 0.0
    attempts: int = 3


def carry_out(
    jobs: Sequence[Job],
    make_worker: Callable[[], Worker[Job, Result]],
    crew: Crew,
    again: Callable[[Job], Job] = lambda job: job,
) -> Iterator[tuple[Job, Result]]:
    """Each job and its result, as they come in; only as many as there are workers are under way.

    A job whose worker died goes to the next as `again` makes it. What a worker raises ends the
    work. Raises CrewError when a job's workers keep dying or the
    crew is not available.
    """
    if crew.name == "ray":
        from deblur.crews.ray_crew import carry_out_on_ray

        yield from carry_out_on_ray(jobs, make_worker, crew, again)
    elif crew.name == "processes" and crew.workers > 1:
        from deblur.crews.processes import carry_out_in_processes

        yield from carry_out_in_processes(jobs, make_worker, crew, again)
    elif jobs:
        worker = make_worker()
        for job in jobs:
            yield job, worker(job)

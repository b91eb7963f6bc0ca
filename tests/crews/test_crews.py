"""One contract for all crews: the same results, and nothing lost when a worker dies."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from deblur.crews import Crew, carry_out
from deblur.errors import CrewError, UnknownModelError, UnreadableImageError
from tests.cli.command_line import ENVIRONMENT
from tests.crews.crew_workers import DiesWhenTold, Doubler, nobody

CREWS = [Crew("serial"), Crew("processes", workers=2), Crew("ray", workers=2)]
EXPECTED = {number: 2 * number for number in range(12)}


@pytest.fixture(scope="module", autouse=True)
def ray_cluster() -> Iterator[Any]:
    """Two nodes of one processor each, on this machine, that know where the tests' modules are."""
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    cluster.add_node(num_cpus=1)
    cluster.add_node(num_cpus=1)
    environment = {"env_vars": {"PYTHONPATH": str(Path(__file__).parents[2])}}
    ray.init(address=cluster.address, log_to_driver=False, runtime_env=environment)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def results(crew: Crew, worker: Callable[[], Doubler]) -> dict[int, int]:
    found = list(carry_out(range(12), worker, crew))
    assert len(found) == 12
    return dict(found)


@pytest.mark.parametrize("crew", CREWS, ids=lambda crew: crew.name)
def test_every_job_is_done_once(crew: Crew) -> None:
    assert results(crew, Doubler) == EXPECTED
    assert list(carry_out([], Doubler, crew)) == []


@pytest.mark.parametrize("crew", CREWS, ids=lambda crew: crew.name)
def test_what_a_worker_raises_reaches_whoever_asked(crew: Crew) -> None:
    with pytest.raises(UnreadableImageError, match="-1 is no picture"):
        list(carry_out([1, -1, 2], Doubler, crew))


@pytest.mark.parametrize("crew", CREWS, ids=lambda crew: crew.name)
def test_a_worker_that_cannot_be_made_says_why(crew: Crew) -> None:
    with pytest.raises(UnknownModelError, match="no such model"):
        list(carry_out([1, 2], nobody, crew))


@pytest.mark.parametrize("crew", CREWS[1:], ids=lambda crew: crew.name)
def test_the_job_of_a_killed_worker_is_done_by_another(crew: Crew, tmp_path: Path) -> None:
    assert results(crew, partial(Doubler, tmp_path, fatal=5)) == EXPECTED


def test_no_job_is_lost_when_a_worker_dies_while_another_result_is_looked_at(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "pipe")
    others = {process.pid for process in psutil.Process().children()}
    found = carry_out(range(12), partial(DiesWhenTold, tmp_path, fatal=1), CREWS[1])
    first = next(found)
    hired = [each for each in psutil.Process().children() if each.pid not in others]
    workers = [each for each in hired if "spawn_main" in " ".join(each.cmdline())]
    (tmp_path / "pipe").write_bytes(b"now")
    assert not psutil.wait_procs(workers, timeout=20)[1]
    assert dict([first, *found]) == EXPECTED


def test_no_worker_outlives_whoever_hired_it() -> None:
    hire = (
        "from deblur.crews import Crew, carry_out; from tests.crews.crew_workers import Tell\n"
        "if __name__ == '__main__':\n"
        "    jobs = carry_out(range(9), Tell, Crew('processes', workers=2))\n"
        "    print(*(next(jobs)[1] for _ in range(6)), flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hire],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as boss:
        assert boss.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in {*boss.stdout.readline().split()}]
        assert workers
        boss.kill()
        _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


@pytest.mark.parametrize("crew", CREWS[1:], ids=lambda crew: crew.name)
def test_a_job_that_kills_every_worker_is_named(crew: Crew, tmp_path: Path) -> None:
    with pytest.raises(CrewError, match=r"5 died 3 times"):
        results(crew, partial(Doubler, tmp_path, fatal=5, always=True))


def test_a_node_that_goes_down_in_the_middle_loses_nothing(ray_cluster: Any) -> None:
    node = ray_cluster.add_node(num_cpus=2)
    found = {}
    for job, result in carry_out(range(40), Doubler, Crew("ray", workers=4)):
        found[job] = result
        if len(found) == 10:
            ray_cluster.remove_node(node, allow_graceful=False)
    assert found == {number: 2 * number for number in range(40)}


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere"])
def test_a_cluster_that_is_not_there_is_a_sentence(address: str) -> None:
    with pytest.raises(CrewError, match=f"no Ray cluster at {address}"):
        list(carry_out([1], Doubler, Crew("ray", address=address)))


def test_without_ray_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CrewError, match=r"pip install -e '\.\[scale\]'"):
        list(carry_out([1], Doubler, Crew("ray")))

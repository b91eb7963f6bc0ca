"""`python -m deblur.training`: `deblur train` where only torch, timm and Accelerate are.

It takes some of its options, and a configuration as `--write-config` writes it. `accelerate launch
-m deblur.training` and `torchrun -m deblur.training` run it in several processes.
"""

import argparse
import math
import sys
from pathlib import Path

from deblur.errors import ConfigError, DeblurError
from deblur.training.config import TrainingConfig
from deblur.training.durations import duration
from deblur.training.run.devices import is_first_process
from deblur.training.run.loop import train
from deblur.training.run.pace import fit_run
from deblur.training.run.reports import Report
from deblur.training.run.run_folder import config_of_run
from deblur.training.run.stopping import stop_on_signals


def main() -> None:
    """Train, or go on; what is wrong is said in a sentence, with exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m deblur.training", description=__doc__)
    begun = parser.add_mutually_exclusive_group(required=True)
    begun.add_argument("--config", type=Path, help="JSON of a run, whole")
    begun.add_argument("--resume", type=Path, help="folder of a run to go on with")
    parser.add_argument("--output", "-o", type=Path, help="folder of the run")
    parser.add_argument("--within", help="as many steps as end within, e.g., 2h")
    parser.add_argument("--time-limit", help="stop and save after, e.g., 9m")
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    try:
        _run(parser.parse_args())
    except (DeblurError, OSError) as error:
        sys.exit(str(error))


def _run(asked: argparse.Namespace) -> None:
    limit = duration(asked.time_limit) if asked.time_limit else math.inf
    if asked.resume:
        if asked.output or asked.within:
            raise ConfigError("a run goes on as it was: leave out --output and --within")
        run = config_of_run(asked.resume)
    else:
        run = TrainingConfig.from_json(asked.config.read_text(encoding="utf-8"))
    folder = asked.resume or asked.output or Path("runs") / run.model
    with stop_on_signals() as stop:
        if asked.within:
            run, left = fit_run(run, folder, duration(asked.within), asked.device, stop)
            limit = min(limit, left)
        how = {"device": asked.device, "resume": bool(asked.resume), "time_limit": limit}
        done = train(run, folder, should_stop=stop, on_report=_tell, **how)
    if is_first_process():
        print(f"{done.reason} at step {done.step}: {done.path}")


def _tell(report: Report) -> None:
    if report.gain is not None or report.step % 100 == 0:
        print(report, flush=True)


if __name__ == "__main__":
    main()

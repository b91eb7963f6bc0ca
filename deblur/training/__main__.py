"""`python -m deblur.training`: training where only torch, timm and Accelerate are installed.

It has some of the options of `deblur train` and takes the file of `train --write-config`. It also
runs under `accelerate launch -m deblur.training` and `torchrun -m deblur.training`.
"""

import argparse
import math
import sys
from pathlib import Path

from deblur.errors import ConfigError, DeblurError
from deblur.training.durations import duration
from deblur.training.run.devices import is_first_process
from deblur.training.run.loop import train
from deblur.training.run.pace import fit_run
from deblur.training.run.reports import Report
from deblur.training.run.run_folder import read_config
from deblur.training.run.stopping import stop_on_signals


def options() -> argparse.ArgumentParser:
    """The command line's options."""
    parser = argparse.ArgumentParser(prog="python -m deblur.training", description=__doc__)
    begun = parser.add_mutually_exclusive_group(required=True)
    begun.add_argument("--config", type=Path, help="complete configuration of a run, JSON")
    begun.add_argument("--resume", type=Path, help="folder of a run to continue")
    parser.add_argument("--output", "-o", type=Path, help="folder of the run")
    parser.add_argument(
        "--within", type=duration, help="as many steps as fit into this time, e.g., 2h"
    )
    parser.add_argument(
        "--time-limit", type=duration, default=math.inf, help="stop and save after, e.g., 9m"
    )
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    return parser


def main() -> None:
    """Train, or resume; an error is one sentence on standard error, with exit code 1."""
    try:
        _run(options().parse_args())
    except (DeblurError, OSError) as error:
        sys.exit(str(error))


def _run(asked: argparse.Namespace) -> None:
    if asked.resume and (asked.output or asked.within is not None):
        raise ConfigError("leave out --output and --within: --resume goes on with a run as it is")
    run = read_config(asked.resume or asked.config)
    folder = asked.resume or asked.output or Path("runs") / run.model
    with stop_on_signals() as stop:
        if asked.within is not None:
            run, left = fit_run(run, folder, asked.within, asked.device, stop)
            asked.time_limit = min(asked.time_limit, left)
        how = {"resume": bool(asked.resume), "time_limit": asked.time_limit, "device": asked.device}
        done = train(run, folder, should_stop=stop, on_report=_print_report, **how)
    if is_first_process():
        print(f"{done.reason} at step {done.step}: {done.path}")


def _print_report(report: Report) -> None:
    if report.gain is not None or report.step % 100 == 0:
        print(report, flush=True)


if __name__ == "__main__":
    main()

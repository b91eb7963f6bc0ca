"""`python -m deblur.training`: a run from its JSON, needing only torch, timm and Accelerate.

`accelerate launch -m deblur.training run.json runs/mine` runs it on several GPUs, and
`torchrun --nproc-per-node 2 -m deblur.training run.json runs/mine --device cpu` in several
processes on a CPU.
"""

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path

from deblur.errors import DeblurError
from deblur.training.config import TrainingConfig
from deblur.training.run.checkpoint import load_checkpoint
from deblur.training.run.devices import is_first_process
from deblur.training.run.loop import train
from deblur.training.run.pace import fit_steps, refuse_several_processes
from deblur.training.run.reports import Report
from deblur.training.run.run_folder import CHECKPOINT
from deblur.training.run.stopping import stop_on_signals


def main() -> None:
    """Train, or go on; print a line every hundred steps and at every validation."""
    parser = argparse.ArgumentParser(prog="python -m deblur.training", description=__doc__)
    parser.add_argument("config", type=Path, help="config.json of a run")
    parser.add_argument("output", type=Path, help="folder of the run; one that is there goes on")
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop and save after")
    parser.add_argument(
        "--within",
        type=float,
        help="as many steps as end within so many minutes; a run that goes on keeps its steps",
    )
    asked = parser.parse_args()
    try:
        _run(asked)
    except (DeblurError, OSError) as error:
        sys.exit(str(error))


def _run(asked: argparse.Namespace) -> None:
    checkpoint = asked.output / CHECKPOINT
    if asked.within is not None:
        refuse_several_processes("--within")
    limit = 60 * asked.minutes
    resume = checkpoint.exists()
    config = TrainingConfig.from_json(asked.config.read_text(encoding="utf-8"))
    with stop_on_signals() as should_stop:
        if asked.within is not None:
            left = 60 * asked.within
            if resume:
                steps = load_checkpoint(checkpoint).training_config().steps
                config = replace(config, steps=steps)
            else:
                config, left = fit_steps(config, left, asked.device, should_stop)
            limit = min(limit, left)
        outcome = train(
            config,
            asked.output,
            device=asked.device,
            resume=resume,
            time_limit=limit,
            should_stop=should_stop,
            on_report=_tell,
        )
    if is_first_process():
        print(f"{outcome.reason} at step {outcome.step}: {outcome.path}")


def _tell(report: Report) -> None:
    if report.gain is not None or report.step % 100 == 0:
        losses = " ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
        gain = "" if report.gain is None else f"  gain {report.gain:+.3f} dB"
        print(
            f"step {report.step}/{report.steps}  {losses}{gain}  {report.seconds:.0f} s  "
            f"{report.images_per_second:.1f} images/s  data {report.waiting:.0%}  "
            f"GPU {report.memory / 1e9:.1f} GB  skipped {report.skipped}",
            flush=True,
        )


if __name__ == "__main__":
    main()

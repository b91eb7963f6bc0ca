"""Pictures for the trackers, which take them each in its own way."""

from accelerate import Accelerator
from torch import Tensor

TITLE = "blurred, restored, sharp"


def log_pictures(accelerator: Accelerator, pictures: Tensor, step: int) -> None:
    """Show RGB pictures (N, 3, h, w) in [0, 1] on TensorBoard and Trackio."""
    shown = (pictures * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    for tracker in accelerator.trackers:
        if tracker.name == "tensorboard":
            tracker.log_images({TITLE: shown}, step=step, dataformats="NHWC")
        elif tracker.name == "trackio":
            import trackio

            tracker.log({TITLE: [trackio.Image(each) for each in shown]}, step=step)

"""Random camera trajectories: where the picture is, moment by moment, while the shutter is open."""

import torch
from torch import Generator, Tensor


def random_paths(batch: int, steps: int, generator: Generator, *, axes: int = 2) -> Tensor:
    """Smooth random movements: (batch, steps, axes), centred, the farthest pair of sides 1 apart.

    A hand pushes the camera with a force that changes smoothly: a random acceleration with
    memory is integrated twice. How restless it is varies from sample to sample, from nearly
    straight strokes to tangles.
    """
    device = generator.device
    restless = torch.rand(batch, 1, 1, generator=generator, device=device) ** 2
    force = torch.randn(batch, steps, axes, generator=generator, device=device)
    memory = 0.95 - 0.25 * restless[:, 0]
    pushes = [force[:, 0]]
    for step in range(1, steps):
        pushes.append(memory * pushes[-1] + force[:, step])
    start = torch.randn(batch, 1, axes, generator=generator, device=device)
    velocity = start + 0.4 * restless * torch.stack(pushes, 1).cumsum(1)
    path = velocity.cumsum(1)
    low, high = path.amin(1, keepdim=True), path.amax(1, keepdim=True)
    extent = (high - low).amax(2, keepdim=True).clamp_min(1e-6)
    return (path - path.mean(1, keepdim=True)) / extent

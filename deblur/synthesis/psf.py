"""Point spread functions: uniform kernels, and blur that varies over the picture."""

import torch
import torch.nn.functional as F
from torch import Tensor


def render_kernels(paths: Tensor, size: int) -> Tensor:
    """Draw paths as kernels: (N, steps, 2) in pixels from the centre -> (N, size, size), sum 1.

    `size` is odd. Every step leaves its light on the four pixels around it, by bilinear
    weights; what would fall outside is held at the edge.
    """
    batch, steps, _ = paths.shape
    place = (paths + size // 2).clamp(0, size - 1 - 1e-4)
    corner = place.floor()
    part = place - corner
    kernels = paths.new_zeros(batch, size * size)
    for down in (0, 1):
        for right in (0, 1):
            weight_x = part[..., 0] if right else 1 - part[..., 0]
            weight_y = part[..., 1] if down else 1 - part[..., 1]
            column, row = corner[..., 0].long() + right, corner[..., 1].long() + down
            kernels.scatter_add_(1, row * size + column, weight_x * weight_y / steps)
    return kernels.view(batch, size, size)


def blur_uniform(light: Tensor, kernels: Tensor) -> Tensor:
    """Convolve each picture with its own kernel: (N, C, h, w), (N, k, k) -> (N, C, h, w).

    Linear light in, linear light out; the border is reflected.
    """
    half = kernels.shape[-1] // 2
    padded = F.pad(light, (half, half, half, half), mode="reflect")
    height, width = padded.shape[-2:]
    spectrum = torch.fft.rfft2(kernels, s=(height, width))
    blurred = torch.fft.irfft2(torch.fft.rfft2(padded) * spectrum[:, None], s=(height, width))
    return blurred[..., 2 * half :, 2 * half :].clamp_min(0)


def blur_varying(light: Tensor, homographies: Tensor) -> Tensor:
    """Average a picture seen through moving homographies: blur that varies over the picture.

    `light` is (N, C, h, w) in linear light; `homographies` (N, steps, 3, 3) send a pixel
    (x, y, 1), counted from the picture's centre, to where its light comes from at that moment.
    Pixels from outside are reflected.
    """
    height, width = light.shape[-2:]
    rows = torch.arange(height, device=light.device) - (height - 1) / 2
    columns = torch.arange(width, device=light.device) - (width - 1) / 2
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)], -1).view(1, -1, 3).to(light.dtype)
    to_grid = torch.diag(light.new_tensor([2 / width, 2 / height, 1]))
    total = torch.zeros_like(light)
    for homography in homographies.unbind(1):
        seen = points @ (to_grid @ homography).transpose(1, 2)
        grid = (seen[..., :2] / seen[..., 2:]).view(-1, height, width, 2)
        total += F.grid_sample(light, grid, padding_mode="reflection", align_corners=False)
    return total / homographies.shape[1]


def shake_homographies(paths: Tensor, turns: Tensor, tilts: Tensor, centres: Tensor) -> Tensor:
    """Homographies of a camera that shifts, rolls and tilts: (N, steps, 3, 3).

    `paths` (N, steps, 2) are shifts in pixels, `turns` (N, steps) roll angles in radians,
    `tilts` (N, steps, 2) the perspective terms per pixel, `centres` (N, 2) the pixel around
    which the camera turns, counted from the picture's centre.
    """
    cos, sin = turns.cos(), turns.sin()
    centre_x, centre_y = centres[:, None, 0], centres[:, None, 1]
    shift_x = paths[..., 0] + centre_x - cos * centre_x + sin * centre_y
    shift_y = paths[..., 1] + centre_y - sin * centre_x - cos * centre_y
    one = torch.ones_like(cos)
    rows = [cos, -sin, shift_x, sin, cos, shift_y, tilts[..., 0], tilts[..., 1], one]
    return torch.stack(rows, -1).view(*turns.shape, 3, 3)

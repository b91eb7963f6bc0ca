"""What blur is drawn from, for every photo anew."""

from dataclasses import dataclass
from typing import Annotated

from deblur.limits import Count, Limits, Share, check_limits

Range = tuple[float, float]
Extent = Annotated[Range, Limits(0)]
PositiveRange = Annotated[Range, Limits(0, brackets="()")]


@dataclass(frozen=True)
class BlurRecipe:
    """How blur is drawn for each photo: shares in [0, 1], and ranges (lowest, highest).

    A value of a range is drawn evenly, or logarithmically where its field says so. `python -m
    deblur synthesize` shows what a recipe looks like.
    """

    sharp: Share = 0.08
    """Share of the photos that are not blurred at all."""

    length: Extent = (1.0, 40.0)
    """Shake: how far the fastest point of the crop travels while the shutter is open, in px."""
    exposure: PositiveRange = (0.01, 0.4)
    """How long the shutter is open, in seconds, drawn logarithmically; long ones make a tangle."""
    varying: Share = 0.5
    """Share of the shaken photos whose camera turns, tilts or approaches; others are shifted."""
    focal: PositiveRange = (0.6, 2.0)
    """Focal length, in widths of a photo of `photo_width` pixels."""
    off_centre: Extent = (0.0, 0.5)
    """Distance of the crop from the middle of the photo, in the same widths."""
    photo_width: Count = 1280
    """Width of the photo that the crop is taken from, in px."""
    moving: Share = 0.2
    """Share of the shaken photos in which things pass by on their own."""
    segments: Count = 2
    """The largest number of such things in a photo."""

    defocused: Share = 0.12
    """Share of the photos that are out of focus, shaken or not."""
    defocus: Extent = (0.7, 6.0)
    """Radius of the defocus, in px."""
    soft: Share = 0.2
    """Share of the photos that a Gaussian softens."""
    softness: Extent = (0.3, 1.4)
    """Standard deviation of that Gaussian, in px."""
    still: Share = 0.3
    """Share of the defocused and the soft photos that are not shaken."""
    shallow: Share = 0.0
    """Share of all photos, sharp ones too, with things in focus before a soft background.

    The sharp picture has the same background, so that a network learns to leave it alone.
    """
    backdrop: Extent = (1.5, 8.0)
    """Radius of the defocus of that background, in px."""
    lens: Share = 0.0
    """Share of all photos through a lens that resolves less than the pixels; as in video frames.

    The sharp picture is as soft.
    """
    unresolved: Extent = (0.3, 1.1)
    """Standard deviation of that lens's Gaussian, in px."""

    burst: Share = 0.0
    """Share of the shaken photos that are the mean of a fast clip's frames, as GoPro's pairs are.

    Their camera turns, too, and their sharp picture is that of the middle moment; the sharp
    picture of the other photos lies at the mean of the path.
    """
    duty: Annotated[Range, Limits(0, 1, "(]")] = (0.2, 1.0)
    """Share of each frame of a burst during which the shutter is open, in (0, 1]."""

    linear_response: Share = 0.25
    """Share of the photos that are averaged as stored, as GoPro's `blur` is."""
    gamma: PositiveRange = (1.8, 2.6)
    """For the other photos: light is the stored value to this power."""
    highlight_boost: PositiveRange = (1.0, 4.0)
    """How many times brighter than white a clipped highlight was."""
    noisy: Share = 0.5
    """Share of the photos with noise."""
    photons: PositiveRange = (2e3, 1e5)
    """Photons at full scale, drawn logarithmically."""
    read_noise: PositiveRange = (2e-4, 4e-3)
    """Standard deviation of the read noise at a full scale of 1, drawn logarithmically."""
    grain_kept: Share = 0.0
    """Share of the noisy photos whose sharp picture has the same grain.

    A network learns from them to leave grain alone.
    """
    compressed: Share = 0.4
    """Share of the photos that are JPEG."""
    jpeg_quality: Annotated[Range, Limits(1, 100, "[]")] = (60.0, 98.0)
    """Their JPEG quality, in [1, 100]."""

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "recipe.")

    @property
    def margin(self) -> int:
        """Pixels around a crop that its blur may reach into; made of reflected light beyond.

        Of bursts, whose paths are not about their mean, some 2 % reach a few pixels farther.
        """
        return int(self.length[1] / 2 + self.defocus[1]) + 4

"""What blur is drawn from, for every photo anew."""

from dataclasses import dataclass
from typing import Annotated

from deblur.limits import Count, Limits, Share, check_limits

Range = tuple[float, float]
Extent = Annotated[Range, Limits(0)]
PositiveRange = Annotated[Range, Limits(0, brackets="()")]


@dataclass(frozen=True)
class BlurRecipe:
    """Ranges are (lowest, highest), shares lie in [0, 1].

    `sharp` of the photos are not blurred at all. The others are shaken: `length` is how far
    the fastest point of the crop travels, in pixels, while the shutter is open; `exposure` for
    how many seconds it is, which makes a stroke or a tangle of it; `varying` of the photos are
    seen through a turning, tilting, approaching camera, the rest is shifted only. `focal` is
    the focal length and `off_centre` the distance of the crop from the middle of the photo,
    both in widths of a photo of `photo_width` pixels. Before `moving` of them, up to
    `segments` things pass by on their own. `defocused` of them, shaken or not, lie out of
    focus by a `defocus` radius in pixels, `soft` of them are soft by a gaussian of `softness`
    pixels; `still` of the defocused and soft are not shaken. `shallow` of all photos, sharp ones
    too, were taken on purpose with things in focus before a background out of it, by a `backdrop`
    radius in pixels: the sharp picture has it, so that a network learns to leave it alone. `lens`
    of all photos were taken through one that resolves less than the pixels do, by a gaussian of
    `unresolved` pixels, in the sharp picture, too: video frames are softer than photos that were
    made smaller.

    `burst` of the shaken photos are the mean of a fast clip's frames, as GoPro's pairs are, and
    seen through a turning camera, too: the shutter is open for a share `duty` of each frame, and
    the sharp picture is that of the middle moment; that of the others lies at the path's mean.

    `linear_response` of the photos are averaged as stored, as GoPro's `blur` is; for the others
    light is the stored value to the power `gamma`. `highlight_boost` is how much brighter than
    white a clipped highlight was. `noisy` photos count `photons` at full scale and have a
    `read_noise` (standard deviation, full scale 1), both drawn logarithmically; for
    `grain_kept` of these the sharp picture has the same grain, so that a network learns to
    leave it alone. `compressed` photos are JPEG of `jpeg_quality`.
    """

    sharp: Share = 0.08
    length: Extent = (1.0, 40.0)
    exposure: PositiveRange = (0.01, 0.4)
    varying: Share = 0.5
    focal: PositiveRange = (0.6, 2.0)
    off_centre: Extent = (0.0, 0.5)
    photo_width: Count = 1280
    moving: Share = 0.2
    segments: Count = 2
    defocused: Share = 0.12
    defocus: Extent = (0.7, 6.0)
    soft: Share = 0.2
    softness: Extent = (0.3, 1.4)
    still: Share = 0.3
    shallow: Share = 0.0
    backdrop: Extent = (1.5, 8.0)
    lens: Share = 0.0
    unresolved: Extent = (0.3, 1.1)
    burst: Share = 0.0
    duty: Annotated[Range, Limits(0, 1, "(]")] = (0.2, 1.0)
    linear_response: Share = 0.25
    gamma: PositiveRange = (1.8, 2.6)
    highlight_boost: PositiveRange = (1.0, 4.0)
    noisy: Share = 0.5
    photons: PositiveRange = (2e3, 1e5)
    read_noise: PositiveRange = (2e-4, 4e-3)
    grain_kept: Share = 0.0
    compressed: Share = 0.4
    jpeg_quality: Annotated[Range, Limits(1, 100, "[]")] = (60.0, 98.0)

    def __post_init__(self) -> None:
        """Raises ConfigError for what is out of its limits."""
        check_limits(self, "recipe.")

    @property
    def margin(self) -> int:
        """Pixels around a crop that its blur may reach into; made of reflected light beyond.

        Of bursts, whose paths are not about their mean, some 2 % reach a few pixels farther.
        """
        return int(self.length[1] / 2 + self.defocus[1]) + 4

"""What blur is drawn from, for every photo anew."""

from dataclasses import dataclass, fields

from deblur.errors import ConfigError

Range = tuple[float, float]


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

    sharp: float = 0.08
    length: Range = (1.0, 40.0)
    exposure: Range = (0.01, 0.4)
    varying: float = 0.5
    focal: Range = (0.6, 2.0)
    off_centre: Range = (0.0, 0.5)
    photo_width: int = 1280
    moving: float = 0.2
    segments: int = 2
    defocused: float = 0.12
    defocus: Range = (0.7, 6.0)
    soft: float = 0.2
    softness: Range = (0.3, 1.4)
    still: float = 0.3
    shallow: float = 0.0
    backdrop: Range = (1.5, 8.0)
    lens: float = 0.0
    unresolved: Range = (0.3, 1.1)
    burst: float = 0.0
    duty: Range = (0.2, 1.0)
    linear_response: float = 0.25
    gamma: Range = (1.8, 2.6)
    highlight_boost: Range = (1.0, 4.0)
    noisy: float = 0.5
    photons: Range = (2e3, 1e5)
    read_noise: Range = (2e-4, 4e-3)
    grain_kept: float = 0.0
    compressed: float = 0.4
    jpeg_quality: Range = (60.0, 98.0)

    def __post_init__(self) -> None:
        """Raises ConfigError for a range that is upside down and a share outside [0, 1]."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, tuple) and not 0 <= value[0] <= value[1]:
                raise ConfigError(f"recipe.{each.name}: expected [lowest, highest], not {value}")
            if isinstance(value, float) and not 0 <= value <= 1:
                raise ConfigError(f"recipe.{each.name}: expected a share in [0, 1], not {value}")
        for name in ("exposure", "photons", "read_noise"):
            if getattr(self, name)[0] <= 0:
                raise ConfigError(f"recipe.{name}: drawn logarithmically, so it starts above 0")
        for name in ("unresolved", "duty"):
            if getattr(self, name)[0] <= 0:
                raise ConfigError(f"recipe.{name}: must start above 0")
        if self.duty[1] > 1:
            raise ConfigError(f"recipe.duty: a share of a frame's time, at most 1, not {self.duty}")
        if self.segments < 1 or self.photo_width < 1:
            raise ConfigError("recipe: segments and photo_width must be at least 1")

    @property
    def margin(self) -> int:
        """Pixels around a crop that its blur may reach into; made of reflected light beyond.

        Of bursts, whose paths are not about their mean, some 2 % reach a few pixels farther.
        """
        return int(self.length[1] / 2 + self.defocus[1]) + 4

"""A diagnosis in plain sentences."""

from deblur.diagnosis.record import Diagnosis
from deblur.synthesis.kinds import Kind

SLIGHT, STRONG, HOPELESS = 4.0, 18.0, 32.0
"""Pixels of shake: below the first there is little to undo, above the last little that can be."""
BROAD = 8.0
"""Pixels of radius, above which defocus leaves little to restore."""
NOISY = 12.0
COMPRESSED = 50
UNSURE = 0.5


def sentences(found: Diagnosis) -> tuple[str, ...]:
    """What happened, what to expect of a restoration, and what else stands in its way."""
    if not found.confidence:
        return ("There is too little to see in this picture to tell how sharp it is.",)
    said = [_SAYINGS[found.kind](found)]
    if found.confidence < UNSURE:
        said.append("Parts of it look different from each other: this is a guess.")
    if found.noise >= NOISY:
        said.append(f"Very noisy: a standard deviation of about {found.noise:.0f} of 255.")
    if found.quality <= COMPRESSED:
        said.append(f"Strongly compressed: a JPEG quality of about {found.quality}.")
    return tuple(said)


def _motion(found: Diagnosis) -> str:
    length = found.length
    if length < SLIGHT:
        return f"Slightly shaken, by about {length:.0f} px: a small gain is to be expected."
    if length < STRONG:
        return f"Moderate shake of about {length:.0f} px: a good case."
    if length < HOPELESS:
        return f"Strong shake of about {length:.0f} px: it gets better, but not sharp."
    return f"Blur of about {length:.0f} px: expect little."


def _focus(found: Diagnosis) -> str:
    expect = ": expect little" if found.radius >= BROAD else ""
    return f"Out of focus, by a radius of about {_pixels(found.radius)}{expect}."


def _both(found: Diagnosis) -> str:
    return (
        f"Shaken by about {found.length:.0f} px and out of focus by about "
        f"{_pixels(found.radius)}: expect less than with one of the two."
    )


def _pixels(radius: float) -> str:
    return f"{radius:.1f} px" if radius < 4 else f"{radius:.0f} px"


_SAYINGS = {
    Kind.sharp: lambda found: "Already sharp: little will change.",
    Kind.shallow: lambda found: (
        "Sharp in front of a soft background, as if on purpose: little will change."
    ),
    Kind.motion: _motion,
    Kind.focus: _focus,
    Kind.both: _both,
}

"""A diagnosis in plain sentences."""

from deblur.diagnosis.record import Diagnosis
from deblur.language import say
from deblur.synthesis.kinds import Kind

SLIGHT, STRONG, HOPELESS = 4.0, 18.0, 50.0
"""Pixels of shake: below the first there is little to undo, above the last little that can be."""
BROAD, LOST = 5.5, 18.0
"""Pixels of radius: above the first fine detail is lost, above the last most of it."""
NOISY = 12.0
COMPRESSED = 50
UNSURE = 0.5


def sentences(found: Diagnosis) -> tuple[str, ...]:
    """What happened, what to expect of a restoration, and what else stands in its way."""
    if not found.confidence:
        return (say("This picture has too little detail to judge how sharp it is."),)
    said = [_SENTENCES[found.kind](found)]
    if found.confidence < UNSURE:
        said.append(say("Parts of it look different from each other: this is a guess."))
    if found.noise >= NOISY:
        noise = f"{found.noise:.0f}"
        said.append(say("Very noisy: a standard deviation of about {noise} (of 255).", noise=noise))
    if found.quality <= COMPRESSED:
        quality = found.quality
        said.append(say("Strongly compressed: a JPEG quality of about {quality}.", quality=quality))
    return tuple(said)


def _motion(found: Diagnosis) -> str:
    length = f"{found.length:.0f}"
    if found.length < SLIGHT:
        return say(
            "Slightly shaken, by about {length} px: expect a small improvement.", length=length
        )
    if found.length < STRONG:
        return say("Moderate shake of about {length} px: a good case.", length=length)
    if found.length < HOPELESS:
        return say(
            "Strong shake of about {length} px: it gets better, but not sharp.", length=length
        )
    return say("Blur of about {length} px: expect little improvement.", length=length)


def _focus(found: Diagnosis) -> str:
    radius = _pixels(found.radius)
    if found.radius >= LOST:
        return say(
            "Out of focus, by a radius of about {radius}: expect little improvement.", radius=radius
        )
    if found.radius >= BROAD:
        return say(
            "Out of focus, by a radius of about {radius}: it gets better, but not sharp.",
            radius=radius,
        )
    return say("Out of focus, by a radius of about {radius}.", radius=radius)


def _both(found: Diagnosis) -> str:
    return say(
        "Shaken by about {length} px and out of focus by about {radius}: expect less "
        "improvement than with one of the two.",
        length=f"{found.length:.0f}",
        radius=_pixels(found.radius),
    )


def _pixels(radius: float) -> str:
    return f"{radius:.1f} px" if radius < 4 else f"{radius:.0f} px"


_SENTENCES = {
    Kind.sharp: lambda found: say("Already sharp: little will change."),
    Kind.shallow: lambda found: say(
        "Sharp in front of a soft background, as if on purpose: little will change."
    ),
    Kind.motion: _motion,
    Kind.focus: _focus,
    Kind.both: _both,
}

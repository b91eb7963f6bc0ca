"""What is said of a diagnosis."""

from typing import Any

import pytest

from deblur.diagnosis import Kind, sentences
from tests.diagnosis.reports import diagnosis


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (Kind.sharp, {}, ["Already sharp: little will change."]),
        (
            Kind.shallow,
            {},
            ["Sharp in front of a soft background, as if on purpose: little will change."],
        ),
        (
            Kind.motion,
            {"length": 2.6},
            ["Slightly shaken, by about 3 px: expect a small improvement."],
        ),
        (Kind.motion, {"length": 12.3}, ["Moderate shake of about 12 px: a good case."]),
        (
            Kind.motion,
            {"length": 25.0},
            ["Strong shake of about 25 px: it gets better, but not sharp."],
        ),
        (Kind.motion, {"length": 55.2}, ["Blur of about 55 px: expect little improvement."]),
        (Kind.focus, {"radius": 5.2}, ["Out of focus, by a radius of about 5 px."]),
        (Kind.focus, {"radius": 2.46}, ["Out of focus, by a radius of about 2.5 px."]),
        (
            Kind.focus,
            {"radius": 9.0},
            ["Out of focus, by a radius of about 9 px: it gets better, but not sharp."],
        ),
        (
            Kind.focus,
            {"radius": 20.0},
            ["Out of focus, by a radius of about 20 px: expect little improvement."],
        ),
        (
            Kind.both,
            {"length": 8.0, "radius": 3.5},
            [
                "Shaken by about 8 px and out of focus by about 3.5 px: expect less "
                "improvement than with one of the two."
            ],
        ),
        (
            Kind.sharp,
            {"noise": 18.4, "quality": 35},
            [
                "Already sharp: little will change.",
                "Very noisy: a standard deviation of about 18 (of 255).",
                "Strongly compressed: a JPEG quality of about 35.",
            ],
        ),
        (
            Kind.motion,
            {"confidence": 0.4},
            [
                "Moderate shake of about 12 px: a good case.",
                "Parts of it look different from each other: this is a guess.",
            ],
        ),
        (
            Kind.sharp,
            {"confidence": 0.0, "noise": 20.0},
            ["This picture has too little detail to judge how sharp it is."],
        ),
    ],
)
def test_a_diagnosis_is_said_in_plain_sentences(
    kind: Kind, fields: dict[str, Any], said: list[str]
) -> None:
    assert [*sentences(diagnosis(kind, **fields))] == said

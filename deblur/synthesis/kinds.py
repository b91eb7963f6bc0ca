"""The kinds of tiles that a diagnosis tells apart; nothing here needs torch."""

from enum import StrEnum


class Kind(StrEnum):
    """What happened to a tile or a photo, in the order of the network's answers."""

    sharp = "sharp"
    shallow = "soft on purpose"
    motion = "motion"
    focus = "out of focus"
    both = "motion and out of focus"

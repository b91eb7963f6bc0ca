"""What can go wrong on the board.

LeaderboardError
├── EntryError          a file of the store that cannot be read, or is not what its path says
├── StoreError          an entry that is not there, or a change that the store does not take
├── SubmissionError     what is handed in is not fit for the board; all complaints at once
├── MirrorError         the Hub does not take part; what is new waits in the folder
├── HarnessError        a run of the harness that left no record
├── VerificationError   a claim that cannot be measured here
├── ComparisonError     pictures that cannot be compared
└── TableError          a table that cannot be made
"""

from collections.abc import Sequence
from dataclasses import dataclass

from deblur.errors import DeblurError


class LeaderboardError(DeblurError):
    """Root of what the leaderboard raises on purpose."""


class EntryError(LeaderboardError):
    """A file of the store that cannot be read, or is not what its path says."""


class StoreError(LeaderboardError):
    """An entry that is not there, or a change that the store does not take."""


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a field of a submission, in a sentence."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"


class SubmissionError(LeaderboardError):
    """A submission does not pass the checks; `complaints` has everything at once."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__("\n".join(map(str, self.complaints)))


class MirrorError(LeaderboardError):
    """The Hub does not take part; what is new waits in the folder."""


class HarnessError(LeaderboardError):
    """A run of the harness that left no record."""


class VerificationError(LeaderboardError):
    """A claim that cannot be measured here."""


class ComparisonError(LeaderboardError):
    """Pictures that cannot be compared."""


class TableError(LeaderboardError):
    """A table that cannot be made."""

"""What the store keeps: a record with what its sender says about it, and what became of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from deblur.errors import RecordError
from deblur.language import say
from deblur.records.run_result import Record, RunResult
from leaderboard.errors import Complaint, EntryError
from leaderboard.store.naming import text_fault

HUB = "https://huggingface.co/"
_HUB_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*(@\w[\w./-]*)?", re.ASCII)
_URL = re.compile(r"https://[\w.-]+(:\d+)?(/[^\s\"'()\\`]*)?", re.ASCII)


def _plain(limit: int) -> AfterValidator:
    def check(text: str) -> str:
        if fault := text_fault(text, limit):
            raise ValueError(fault)
        return text.strip()

    return AfterValidator(check)


def _link(text: str) -> str:
    if text and not (_URL.fullmatch(text) or _HUB_NAME.fullmatch(text)):
        raise ValueError(say("is neither an https:// address nor owner/name on the Hub"))
    return text


Line = Annotated[str, _plain(200)]
Paragraph = Annotated[str, _plain(1000)]


class About(Record):
    """What the sender says of a model, as plain text; `link` is a URL or owner/name on the Hub."""

    link: Annotated[Line, AfterValidator(_link)] = ""
    licence: Line = ""
    training_data: Paragraph = ""
    contact: Line = ""
    note: Paragraph = ""

    @property
    def url(self) -> str:
        """Where the link leads, or an empty string."""
        if not _HUB_NAME.fullmatch(self.link):
            return self.link
        repository, _, revision = self.link.partition("@")
        return f"{HUB}{repository}{f'/tree/{revision}' if revision else ''}"

    @property
    def hub_name(self) -> str | None:
        """owner/name[@revision] on the Hub, if the link leads there."""
        name = self.link.removeprefix(HUB).rstrip("/").replace("/tree/", "@", 1)
        return name if _HUB_NAME.fullmatch(name) else None


class Entry(Record):
    """A record on the board. Where `moderated`, it waits until an operator accepts it.

    With `scored_here` somebody handed in restored pictures, and the board's own harness made the
    record.
    """

    entry_version: Literal[1] = 1
    kind: Literal["measured", "self-reported"]
    record: RunResult
    about: About = About()
    submitted: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    moderated: bool = False
    scored_here: bool = False

    @property
    def id(self) -> str:
        """Names the entry: the id of its record."""
        return self.record.id


class Verification(Record):
    """A claim was measured again, within a tolerance for each metric: `record` says how.

    `by` names the person, if they say so; otherwise it was the operator of the board.
    """

    record: RunResult
    tolerance: dict[str, float]
    date: str
    by: Line = ""


class Withdrawal(Record):
    """A row was taken off the board."""

    reason: Paragraph
    date: str


class Acceptance(Record):
    """A moderator let a submission onto the board."""

    date: str


Event = Verification | Withdrawal | Acceptance
EVENTS: Mapping[str, type[Event]] = {
    "verified": Verification,
    "withdrawn": Withdrawal,
    "accepted": Acceptance,
}
"""What can become of an entry, by the middle of the file's name: ID.EVENT.json."""


@dataclass(frozen=True)
class History:
    """What became of an entry."""

    verified: Verification | None = None
    withdrawn: Withdrawal | None = None
    accepted: Acceptance | None = None


def read_entry(path: Path) -> Entry:
    """Read an entry's file; a plain record is a measured entry. Raises EntryError if neither."""
    content = _read(path)
    try:
        if b'"entry_version"' in content:
            return Entry.model_validate_json(content)
        record = RunResult.from_json(content, str(path))
    except ValidationError as error:
        raise EntryError(
            say("{file} is no entry: {reason}", file=path, reason=_in_a_line(error))
        ) from error
    except RecordError as error:
        raise EntryError(str(error)) from error
    return Entry(kind="measured", record=record, submitted=record.date[:10])


def read_event(path: Path, event: str) -> Event:
    """Read what became of an entry. Raises EntryError when the file does not say it."""
    try:
        return EVENTS[event].model_validate_json(_read(path))
    except ValidationError as error:
        raise EntryError(
            say(
                "{file} does not say that it was {event}: {reason}",
                file=path,
                event=event,
                reason=_in_a_line(error),
            )
        ) from error


def complaints_of(error: ValidationError, prefix: str = "") -> list[Complaint]:
    """What pydantic found, a complaint for each field, at most fifty."""
    plain_words = {
        "extra_forbidden": say("is not a known field; remove it"),
        "missing": say("is missing"),
    }
    return [
        Complaint(
            ".".join(filter(None, (prefix, *map(str, each["loc"])))) or say("as a whole"),
            plain_words.get(each["type"]) or _in_words(each["type"], each["msg"]),
        )
        for each in error.errors(include_url=False, include_input=False)[:50]
    ]


def _in_words(kind: str, message: str) -> str:
    """What pydantic says, whose own messages are in English."""
    ours = "Value error, "
    return (
        message.removeprefix(ours)
        if kind == "value_error"
        else say("does not fit ({message})", message=message)
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EntryError(
            say("{file} cannot be read ({reason})", file=path, reason=error.strerror)
        ) from error


def _in_a_line(error: ValidationError) -> str:
    return "; ".join(map(str, complaints_of(error)))

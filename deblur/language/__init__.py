"""Sentences in the language of their reader. The English sentence is the key of the others."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache, wraps
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


class Language(StrEnum):
    """A language of the page, by its code in HTML."""

    english = "en"
    chinese = "zh"


_spoken: ContextVar[Language] = ContextVar("language", default=Language.english)


def say(sentence: str, **values: object) -> str:
    """An English sentence in the language that is spoken now, its `{names}` filled in.

    A sentence that a language lacks is said in English; a test finds it before a reader does.
    """
    return translations(_spoken.get()).get(sentence, sentence).format(**values)


def spoken_now() -> Language:
    """The language that `say` speaks here."""
    return _spoken.get()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Inside, `say` speaks that language."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def spoken_in(language: Language, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function, also a generator function, that speaks that language however it is called."""
    if inspect.isgeneratorfunction(function):

        @wraps(function)
        def each(*values: Any, **named: Any) -> Iterator[Any]:
            steps = function(*values, **named)
            while True:
                with speaking(language):
                    try:
                        step = next(steps)
                    except StopIteration:
                        return
                yield step

        return each

    @wraps(function)
    def whole(*values: Any, **named: Any) -> Any:
        with speaking(language):
            return function(*values, **named)

    return whole


@cache
def translations(language: Language) -> Mapping[str, str]:
    """What a language says for English sentences; nothing for English."""
    if language is Language.english:
        return {}
    text = (_FOLDER / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found

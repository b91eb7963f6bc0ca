"""Sentences in the language of their reader."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import benchmarks.errors
import leaderboard.errors
from deblur import errors
from deblur.language import Language, say, speaking, spoken_in, spoken_now, translations

ROOT = Path(__file__).parents[1]
SPEAKERS = ("app.py", "benchmarks/**/*.py", "deblur/**/*.py", "leaderboard/**/*.py")
OTHERS = [language for language in Language if language is not Language.english]


def calls_of_say() -> Iterator[tuple[str, ast.Call]]:
    """Every call of `say` on the page, with where it stands."""
    for path in sorted(path for pattern in SPEAKERS for path in ROOT.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def said() -> set[str]:
    return {
        call.args[0].value
        for _, call in calls_of_say()
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def names_in(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def test_what_is_said_is_written_out_with_its_values() -> None:
    for place, call in calls_of_say():
        (sentence,) = call.args
        assert isinstance(sentence, ast.Constant), f"{place}: say takes a sentence, not a variable"
        given = {keyword.arg for keyword in call.keywords}
        assert given == names_in(sentence.value), place


MET = (
    *("deblur/image_io/**/*.py", "deblur/page/**/*.py", "deblur/backends/*.py"),
    *("deblur/diagnosis/*.py", "deblur/restoring/*.py", "deblur/records/*.py"),
    *("deblur/onnx_file.py", "deblur/restorer.py", "deblur/tiling.py", "deblur/weights.py"),
    *("leaderboard/[!_]*/*.py", "benchmarks/methods.py"),
)
"""Where what is raised, or complained of, is read by visitors."""

TOLD = {
    "PlainTextResponse",
    *(
        name
        for module in (errors, benchmarks.errors, leaderboard.errors)
        for name, each in vars(module).items()
        if isinstance(each, type)
    ),
}
NOT_MET = {"UnknownModelError", "VerificationError"}
"""Read by who names a model, or verifies, at a terminal."""


def sentences_of(call: ast.Call) -> Iterator[str]:
    """What an error or a complaint is told in words that `say` does not see."""
    told = call.args[-1:] if call.args else []
    todo: list[ast.AST] = [*told]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif not isinstance(node, ast.Call | ast.Subscript):
            todo += ast.iter_child_nodes(node)


def test_what_visitors_are_told_goes_through_say() -> None:
    for path in sorted(path for pattern in MET for path in ROOT.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TOLD - NOT_MET:
                unsaid = [each for each in sentences_of(node) if any(map(str.isalpha, each))]
                assert not unsaid, f"{path.relative_to(ROOT)}:{node.lineno}"


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_and_no_other(language: Language) -> None:
    assert set(translations(language)) == said()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fills_in_the_same_values(language: Language) -> None:
    for sentence, translated in translations(language).items():
        assert names_in(translated) == names_in(sentence), sentence


@pytest.fixture
def greeting(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"Hello, {name}": "{name}你好"}
    monkeypatch.setattr("deblur.language.translations", lambda language: words)


@pytest.mark.usefixtures("greeting")
def test_say_translates_and_fills_in() -> None:
    with speaking(Language.chinese):
        assert say("Hello, {name}", name="{Ann}") == "{Ann}你好"
        assert say("Nobody translated {this}", this=1) == "Nobody translated 1"


def test_a_language_is_spoken_inside_and_not_after() -> None:
    with speaking(Language.chinese):
        with speaking(Language.english):
            assert spoken_now() is Language.english
        assert spoken_now() is Language.chinese
    assert spoken_now() is Language.english


def test_functions_speak_the_language_they_were_given() -> None:
    def steps() -> Iterator[Language]:
        yield spoken_now()
        yield spoken_now()

    assert spoken_in(Language.chinese, spoken_now)() is Language.chinese
    heard = []
    for step in spoken_in(Language.chinese, steps)():
        heard += [step, spoken_now()]
    assert heard == [Language.chinese, Language.english] * 2

"""Texts from outside: what can be shown as it is, and which names read alike."""

import re
import unicodedata

from deblur.language import say

MAX_NAME_CHARACTERS = 60

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of controls, formats, surrogates, private and missing signs, line ends."""

_BLANK = {"\u034f", "\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}
"""Signs of other categories that are drawn as nothing."""

_MAX_MARKS = 2
"""Most marks on a letter in scripts whose vowels are marks; more of them are refused."""

_LOOK_ALIKES = {
    "a": "АаΑαɑ",
    "b": "ВвΒβЬьƄ",
    "c": "СсϹϲ",
    "d": "Ԁԁđ",
    "e": "ЕеΕεЭэҽє",
    "f": "Ғғϝ",
    "g": "Ԍԍɡց",
    "h": "НнΗһհħ",
    "j": "Јјϳ",
    "k": "КкΚκқ",
    "l": "ІіΙιӀӏıɩłІ1|iI",
    "m": "МмΜ",
    "n": "ΝηПпող",
    "o": "ОоΟοօσøө0",
    "p": "РрΡρ",
    "q": "Ԛԛգ",
    "r": "Ггґɼ",
    "s": "Ѕѕʂ",
    "t": "ТтΤτ",
    "u": "ИиυսƱ",
    "v": "Ѵѵν",
    "w": "ԜԝωѡШш",
    "x": "ХхΧχ",
    "y": "УуΥγҮү",
    "z": "Ζζ",
}
_FOLD = str.maketrans({each: to for to, signs in _LOOK_ALIKES.items() for each in signs})
_ENDS = re.compile(r"^\W+|\W+$")
_JOINING = {"Pd", "Pc", "Zs"}
"""Categories of what stands between the words of a name: dashes, underscores, spaces."""


def text_fault(text: str, limit: int) -> str | None:
    """Why a text of up to `limit` characters cannot be shown as it is, or None."""
    if len(text) > limit:
        return say(
            "has {count} characters; {limit} are allowed: shorten it",
            count=f"{len(text):,}",
            limit=f"{limit:,}",
        )
    if any(sign in text for sign in "<>"):
        return say("has < or >; write plain text, without HTML")
    if any(unicodedata.category(each) in _INVISIBLE or each in _BLANK for each in text):
        return say("has line breaks, control or invisible characters; write plain text in one line")
    if _has_piled_marks(text):
        return say("has letters with several marks on them; leave out all but one")
    return None


def name_fault(name: str) -> str | None:
    """Why nothing on the board can go by a name, or None."""
    if not any(unicodedata.category(each)[0] in "LN" for each in name):
        return say("has no letter and no number; say what restored the pictures")
    if name != " ".join(name.split()):
        return say("has leading, trailing or repeated spaces; remove them")
    return text_fault(name, MAX_NAME_CHARACTERS)


def folded(name: str) -> str:
    """What a name looks like: names that read alike give the same.

    Case, spaces, dashes, marks, signs at an end, other forms of a letter (NFKC) and the
    look-alikes of Latin letters in other scripts make no difference, after the idea of UTS 39's
    skeletons.
    """
    apart = unicodedata.normalize("NFKD", name)
    shown = _ENDS.sub("", "".join(each for each in apart if not _is_beside(each))) or apart
    alike = shown.translate(_FOLD).casefold().translate(_FOLD)
    return alike.replace("rn", "m").replace("vv", "w")


def _is_beside(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] == "M" or category in _INVISIBLE | _JOINING or sign in _BLANK


def _has_piled_marks(text: str) -> bool:
    """Whether a letter has marks beyond the one that Unicode's own letters come with."""
    marks = piled = 0
    for each in unicodedata.normalize("NFC", text):
        if unicodedata.category(each)[0] != "M":
            marks, piled = 0, len(unicodedata.normalize("NFD", each)) > 1
            continue
        marks += 1
        piled += unicodedata.combining(each) > 0 or unicodedata.category(each) == "Me"
        if piled > 1 or marks > _MAX_MARKS:
            return True
    return False

"""From plain JSON values to frozen dataclasses, naming the field that is wrong."""

import contextlib
import dataclasses
import difflib
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from deblur.errors import ConfigError

Record = TypeVar("Record")
_WORDS: Mapping[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    tuple: "a list of the right length",
    Mapping: "an object",
}


def read_fields(kind: type[Record], fields: Any, path: str = "") -> Record:
    """A dataclass `kind`, nested ones included, from what `json.loads` gave.

    Raises ConfigError with the dotted path of a field that is misspelt, missing, or of
    another type than declared.
    """
    if not isinstance(fields, Mapping):
        raise ConfigError(f"{path or 'the configuration'}: expected an object, not {fields!r}")
    hints = get_type_hints(kind)
    for name in fields:
        if name not in hints:
            near = difflib.get_close_matches(name, hints, n=1) or _near_inside(name, hints)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(hints)}"
            raise ConfigError(f"there is no field {_join(path, name)!r}; {hint}")
    values = {name: _read(hints[name], value, _join(path, name)) for name, value in fields.items()}
    missing = [
        each.name
        for each in dataclasses.fields(kind)  # type: ignore[arg-type]
        if each.default is each.default_factory is dataclasses.MISSING and each.name not in fields
    ]
    if missing:
        raise ConfigError(f"the field {_join(path, missing[0])!r} is missing")
    return kind(**values)


def _read(hint: Any, value: Any, path: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _read(next(each for each in arguments if each is not type(None)), value, path)
    if dataclasses.is_dataclass(hint):
        return read_fields(hint, value, path)  # type: ignore[arg-type]
    if origin is tuple and isinstance(value, list | tuple):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else list(arguments)
        if len(kinds) == len(value):
            return tuple(
                _read(kind, each, f"{path}[{index}]")
                for index, (kind, each) in enumerate(zip(kinds, value, strict=True))
            )
    elif origin is Literal and value in arguments:
        return value
    elif isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {
            _read(arguments[0], name, path): _read(arguments[1], each, _join(path, name))
            for name, each in value.items()
        }
    elif hint is Any:
        return value
    elif hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            return float(value)
    elif isinstance(hint, type) and type(value) is hint:
        return value
    if origin is tuple and arguments[-1] is Ellipsis:
        raise ConfigError(f"{path}: expected a list, not {value!r}")
    expected = " or ".join(map(repr, arguments)) if origin is Literal else _WORDS.get(hint)
    raise ConfigError(f"{path}: expected {expected or _WORDS[origin]}, not {value!r}")


def _near_inside(name: str, hints: Mapping[str, Any]) -> list[str]:
    """A field of that name, or nearly, inside one of the fields."""
    inside = {
        each: f"{outer}.{each}"
        for outer, hint in hints.items()
        if dataclasses.is_dataclass(hint)
        for each in get_type_hints(hint)
    }
    return [inside[each] for each in difflib.get_close_matches(name, inside, n=1)]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name

"""What pydantic found wrong, said so that a person can put it right: stack file, key path, value, remedy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from components.fields import REFUSED

Complaint = tuple[tuple[str | int, ...], str]  # the path of a key, and the sentence that goes on from it
LONGEST_VALUE = 60
WRONG_KIND = {
    "model_type": "is no mapping. Write keys and values below it.",
    "dict_type": "is no mapping. Write names and values below it.",
    "tuple_type": "is no list. Write one entry a line, each after a dash.",
    "string_type": "is no text. Put it in quotes.",
    "int_parsing": "is no whole number. Set one.",
    "int_type": "is no whole number. Set one.",
    "int_from_float": "is no whole number. Set one.",
    "int_parsing_size": "is no number anyone needs. Set a smaller one.",
    "float_parsing": "is no number. Set one.",
    "float_type": "is no number. Set one.",
    "finite_number": "is no number. Set one.",
    "bool_parsing": "is neither true nor false. Set one of them.",
    "bool_type": "is neither true nor false. Set one of them.",
}


@dataclass(frozen=True)
class Place:
    """Whose configuration it is: the project (the keys' prefix) and the stack."""

    project: str
    stack: str

    def line(self, path: Sequence[str | int], sentence: str, value: object = None) -> str:
        """One complaint, one line. `value` is shown where it is short, plain text; None hides it."""
        shown = ""
        if isinstance(value, str | int | float):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            text = text if text == text.strip() else repr(text)
            shown = f" {text[:LONGEST_VALUE]}…" if len(text) > LONGEST_VALUE else f" {text}"
        line = f"Pulumi.{self.stack}.yaml: {self.key(path)}:{shown} {sentence}"
        return "".join(one if one.isprintable() else repr(one)[1:-1] for one in line)

    def key(self, path: Sequence[str | int]) -> str:
        """The path as `pulumi config set --path` takes it: golive:environment.reviewers.users[0]."""
        text = f"{self.project}:"
        for position, part in enumerate(path):
            plain = isinstance(part, str) and part.replace("_", "").replace("-", "").isalnum()
            if isinstance(part, int):
                text += f"[{part}]"
            elif plain:
                text += f".{part}" if position else part
            else:
                text += f'["{part}"]' if position else part
        return text

    def set_command(self, path: Sequence[str | int], *, secret: bool = False) -> str:
        """The command that sets the key; a secret is asked for, so that it stays out of the shell's history."""
        kind = "--secret --path" if secret else "--path"
        return f"pulumi config set {kind} '{self.key(path)}'{'' if secret else ' VALUE'} --stack {self.stack}"


def unknown(name: str, known: Iterable[str]) -> str:
    """What is said of a key that does not exist."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6) or [one for one in names if one.lower() == name.lower()]
    remedy = f"Did you mean {near[0]}?" if near else f"Delete it, or use one of: {', '.join(names)}."
    return f"is not a setting. {remedy}"


def from_pydantic(
    place: Place,
    at: Sequence[str],
    model: type[BaseModel],
    errors: Iterable[ErrorDetails],
    hidden: set[tuple[str, ...]],
) -> list[str]:
    """The lines for what pydantic found in the section `at`. `hidden`: paths whose value must not be shown."""
    lines = []
    for error in errors:
        inside = error["loc"]
        naming = inside[-1:] == ("[key]",)
        path = (*at, *(part for part in inside if part != "[key]"))
        kind, value = error["type"], error["input"]
        if kind == "missing":
            lines.append(place.line(path, f"is missing. Set it: {place.set_command(path)}"))
            continue
        if kind == "extra_forbidden":
            lines.append(place.line(path, unknown(str(path[-1]), aliases(model, inside[:-1]))))
            continue
        secret = any(tuple(map(str, path))[: len(one)] == one for one in hidden) or (naming and "secrets" in path)
        lines.append(place.line(path, _sentence(error), None if secret or naming or not _scalar(kind) else value))
    return lines


def aliases(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that are known at `path` below `model`, as the stack file writes them."""
    for part in path:
        field = next((one for name, one in model.model_fields.items() if part in (one.alias, name)), None)
        inner = _model_in(field.annotation) if field else None
        model = inner or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The section that an annotation such as `Health | None` or `tuple[Bypass, ...]` speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one))), None)


def _scalar(kind: str) -> bool:
    """A mapping or list put where a value belongs, or the other way round, may hold a secret: it is not shown."""
    return kind not in {"model_type", "dict_type", "tuple_type", "string_type"}


def _sentence(error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == REFUSED:
        return str(error["ctx"]["sentence"])
    if kind == "literal_error":
        return f"is not one of the choices. Set {str(error['ctx']['expected']).replace(chr(39), '')}."
    return WRONG_KIND.get(kind, f"cannot be used: {error['msg']}.")

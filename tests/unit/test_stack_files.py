"""The three stack files that come with the project are right, and are together its reference by example."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from components import settings
from components.settings import NAMED, SECTIONS, WORDS, parse

ROOT = Path(__file__).parents[2]
STACKS = ("dev", "staging", "production")
PORTS = ("traffic", "monitor")


def text(stack: str) -> str:
    return (ROOT / f"Pulumi.{stack}.yaml").read_text()


def config(stack: str) -> dict:
    return yaml.safe_load(text(stack))["config"]


def keys(model: type[BaseModel], path: str) -> Iterator[str]:
    """Every key of a section, with dots: `service.health.path`."""
    for field in model.model_fields.values():
        inner = next((one for one in _models(field.annotation)), None)
        here = f"{path}.{field.alias}"
        yield from keys(inner, here) if inner else [here]


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)


@pytest.mark.parametrize("stack", STACKS)
def test_each_is_accepted_as_it_is(stack):
    given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config(stack).items()}
    read = parse("golive", stack, given, (), {"GITHUB_ENTERPRISE_TOKEN": "t"})
    assert (read.stack, [one.version for one in read.apps.values()]) == (stack, ["v1.0.0"])


@pytest.mark.parametrize("stack", STACKS)
def test_none_holds_a_secret(stack):
    assert "secure:" not in text(stack)


def test_they_can_run_side_by_side_on_one_machine():
    ports = [config(stack)[f"golive:{section}"]["port"] for stack in STACKS for section in PORTS]
    assert len(set(ports)) == len(ports)
    assert len({json.dumps(config(stack)["golive:deployFrom"]) for stack in STACKS}) == len(STACKS)


def test_every_key_is_in_one_of_them_live_or_in_a_comment():
    words = set(re.findall(r"[A-Za-z]+", "\n".join(text(stack) for stack in STACKS)))
    known = [key for name, model in {**SECTIONS, **NAMED}.items() for key in keys(model, name)] + list(WORDS)
    assert [key for key in known if not set(key.split(".")) <= words] == []


def test_the_project_file_declares_the_keys_that_the_settings_know():
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    assert set(declared) == {f"golive:{name}" for name in [*settings.SECTIONS, *settings.NAMED, *settings.WORDS]}
    for name, one in declared.items():
        kind = {"golive:canary": "integer"}.get(name, "string")
        assert one["type"] == ("object" if name.removeprefix("golive:") in {**SECTIONS, **NAMED} else kind), name


def test_the_readme_names_every_section():
    readme = (ROOT / "README.md").read_text()
    assert [name for name in [*SECTIONS, *NAMED, *WORDS] if f"`golive:{name}`" not in readme] == []

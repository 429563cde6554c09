"""Imports go one way, so that each part can be read, tested and used without the ones above it."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What each part may import of the project itself.
MAY = {
    "transport": {"transport"},
    "components": {"components", "transport"},
    "toolchain": {"toolchain", "transport"},
    "lab": {"lab", "toolchain"},
    "__main__": {"components"},
}
OURS = {*MAY, "tests"}


def modules() -> dict[str, Path]:
    """Every module of the project that is no test, by its dotted name."""
    found = {"__main__": ROOT / "__main__.py"}
    for part in ("transport", "components", "toolchain", "lab"):
        for file in (ROOT / part).rglob("*.py"):
            words = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(words[:-1] if words[-1] == "__init__" else words)] = file
    return found


MODULES = modules()


def imported(file: Path) -> Iterator[str]:
    """The dotted names that a file imports; `from a import b` gives a.b where that is a module, else a."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            for one in node.names:
                inner = f"{node.module}.{one.name}"
                yield inner if inner in MODULES else str(node.module)


def test_the_search_finds_the_parts():
    assert {"components.settings", "lab.github.server", "toolchain.docker_plugin.service"} <= set(MODULES)
    assert "components.sections" in set(imported(ROOT / "components" / "settings.py"))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_nothing_imports_what_stands_above_it(name):
    part = name.partition(".")[0]
    reached = {one.partition(".")[0] for one in imported(MODULES[name])} & OURS
    assert reached <= MAY[part], f"{name} imports from {', '.join(sorted(reached - MAY[part]))}"


def test_no_module_needs_itself():
    graph = {name: {one for one in imported(file) if one in MODULES} for name, file in MODULES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_components_are_declarations_and_start_no_process():
    """Whatever the engine calls goes through a provider, so that `preview` stays free of effects."""
    reached = {one for name in MODULES if name.startswith("components.") for one in imported(MODULES[name])}
    assert not reached & {"subprocess", "os.system"}

"""What the docs name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", file.read_text(), flags=re.MULTILINE)
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [one for one in links if not (page.parent / one).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_named_tests_are_there(page):
    named = re.findall(r"`(test_\w+)`", page.read_text())
    assert [one for one in named if one not in TESTS] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_named_files_are_there(page):
    named = re.findall(r"`((?:components|lab|toolchain|tests|docs|workflows)/[\w./-]+)`", page.read_text())
    assert [one for one in named if not (ROOT / one).exists()] == []


def test_make_commands_that_the_docs_name_are_there():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {one for page in PAGES for one in re.findall(r"(?:`|    )make ([\w-]+)", page.read_text())}
    assert named <= targets

from importlib import metadata

import pytest

from toolchain import parts
from toolchain.parts import ACTIONLINT, COREUTILS, GATUS, GITHUB, PEBBLE, PEBBLE_DNS, PULUMI, TRAEFIK, Part

ALL = [PULUMI, GITHUB, TRAEFIK, GATUS, ACTIONLINT, PEBBLE, PEBBLE_DNS, COREUTILS]


@pytest.mark.parametrize("part", ALL, ids=lambda part: part.name)
def test_each_part_is_pinned_by_a_module_of_its_own(part: Part):
    assert part.version.startswith("v")
    assert part.go >= (1, 21)
    assert (part.module / "go.sum").exists() or part is COREUTILS


def test_the_engine_is_the_one_that_the_python_sdk_wants():
    assert f"v{metadata.version('pulumi')}" == PULUMI.version


def test_a_binary_is_built_without_the_machines_paths_and_says_its_version():
    assert PULUMI.command("/cache/pulumi") == [
        "build", "-trimpath", "-mod=readonly", "-ldflags",
        f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI.version}",
        "-o", "/cache/pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ]  # fmt: skip


def test_another_source_is_another_place_so_that_an_old_binary_is_never_taken_for_it(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "MODULES", tmp_path)
    folder = tmp_path / "coreutils"
    folder.mkdir()
    (folder / "go.mod").write_text("module x\n\ngo 1.21\n")
    (folder / "main.go").write_text("package main\n")
    before = COREUTILS.place
    (folder / "main.go").write_text("package main // changed\n")
    assert COREUTILS.place != before


def test_a_module_that_does_not_require_its_part_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "MODULES", tmp_path)
    (tmp_path / "gatus").mkdir()
    (tmp_path / "gatus" / "go.mod").write_text("module x\n\ngo 1.26.3\n")
    with pytest.raises(ValueError, match=r"does not require github\.com/TwiN/gatus/v5"):
        _ = GATUS.version

import stat
from pathlib import Path

import pytest

from toolchain import docker_engine, official
from toolchain.language_host.host import required_plugins
from toolchain.progress import StepError, span


def command(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def test_an_official_cli_on_path_is_taken(tmp_path: Path):
    cli = command(tmp_path / "bin", "pulumi")
    command(tmp_path / "bin", "pulumi-language-python")
    assert official.on_path(str(tmp_path / "bin")) == cli


def test_a_cli_without_its_language_host_can_not_run_python(tmp_path: Path):
    command(tmp_path / "bin", "pulumi")
    assert official.on_path(str(tmp_path / "bin")) is None


def test_the_clones_own_command_is_not_taken_for_the_official_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(official, "VENV", tmp_path)
    command(tmp_path / "bin", "pulumi")
    command(tmp_path / "bin", "pulumi-language-python")
    assert official.on_path(str(tmp_path / "bin")) is None


def test_a_choice_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(official.SOURCE, "offical")
    with pytest.raises(StepError, match="GOLIVE_ENGINE=offical is not known"):
        official.cli()


def test_who_wants_the_built_engine_gets_it_whatever_is_on_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(official.SOURCE, "built")
    assert official.cli() is None


def test_a_docker_host_that_does_not_answer_is_named_and_nothing_is_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(StepError, match=r"DOCKER_HOST=tcp://127\.0\.0\.1:1 does not answer .* unset DOCKER_HOST"):
        docker_engine.ensure()


def test_the_language_host_asks_for_the_plugins_that_the_sdks_name():
    assert [one["name"] for one in required_plugins()] == ["docker", "github"]


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (323.2, "5 min 23 s")])
def test_time_is_told_in_minutes_and_seconds(seconds: float, words: str):
    assert span(seconds) == words

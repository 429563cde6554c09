import io
import shutil
import tarfile
from pathlib import Path

import pytest

from lab import sample_image
from lab.sample_image import NAME, SOURCE, context, digest, main, recipe
from toolchain.progress import StepError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "sample"))


@pytest.fixture
def no_engine(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")


def test_the_same_source_and_version_make_the_same_image(source):
    assert digest("v1.0.0", "amd64", source) == digest("v1.0.0", "amd64")


def test_another_version_or_architecture_is_another_image():
    assert len({digest("v1.0.0", "amd64"), digest("v1.1.0", "amd64"), digest("v1.0.0", "arm64")}) == 3


@pytest.mark.parametrize("name", ["shop.go", "go.mod", "go.sum", "more.go"])
def test_a_change_of_what_the_program_is_made_from_is_another_image(source, name):
    with (source / name).open("a") as file:
        file.write("// changed\n")
    assert digest("v1.0.0", "amd64", source) != digest("v1.0.0", "amd64")


@pytest.mark.parametrize("name", ["shop_test.go", "README.md", "Dockerfile", ".github/workflows/ci.yml"])
def test_a_change_of_anything_else_is_not(source, name):
    with (source / name).open("a") as file:
        file.write("// changed\n")
    assert digest("v1.0.0", "amd64", source) == digest("v1.0.0", "amd64")


def test_an_image_holds_the_program_alone_and_runs_as_nobody():
    lines = recipe("v1.0.0").splitlines()
    assert lines[0] == "FROM scratch"
    assert [line for line in lines if line.startswith(("COPY", "ADD"))] == ["COPY app /app"]
    assert "USER 65532:65532" in lines
    assert not [line for line in lines if "FAIL_HEALTH" in line]


def test_a_broken_version_fails_by_its_environment():
    assert "ENV PORT=8080 FAIL_HEALTH=1" in recipe("v0.0.0-broken").splitlines()


def test_the_context_is_the_same_whenever_it_is_made_and_its_program_can_run():
    archive = context(b"program", recipe("v1.0.0"))
    assert archive == context(b"program", recipe("v1.0.0"))
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        assert opened.getnames() == ["Dockerfile", "app"]
        program = opened.getmember("app")
        assert (program.mode, program.mtime) == (0o755, 0)
        assert opened.extractfile(program).read() == b"program"


@pytest.mark.parametrize("version", ["", "a b", "-v1", "v1/2", "v1:2", "é", "v" * 129])
def test_a_version_that_no_image_can_have_is_refused_before_anything_is_done(no_engine, version):
    with pytest.raises(StepError, match="no version that an image can have"):
        sample_image.build(["v1.0.0", version])


def test_an_engine_that_does_not_answer_is_named_in_one_line(no_engine, capsys):
    assert main([]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "No Docker engine answers at unix://" in line
    assert "set DOCKER_HOST" in line


def test_a_missing_go_is_named_in_one_line():
    with pytest.raises(StepError) as caught:
        sample_image._program("v1.0.0", "amd64", "/nowhere/go")
    assert str(caught.value).splitlines() == [
        "Go cannot be run as /nowhere/go (No such file or directory): install Go, or name its command."
    ]


def test_what_go_says_about_the_source_is_shown_in_one_line(source, monkeypatch, tmp_path):
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho '# acme/shop' >&2\necho 'shop.go:1: syntax error' >&2\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(StepError) as caught:
        sample_image._program("v1.0.0", "amd64", str(go))
    (line,) = str(caught.value).splitlines()
    assert line.endswith("shop.go:1: syntax error")


def test_the_help_names_the_versions_it_makes_by_default(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "v1.0.0 v1.1.0 v0.0.0-broken" in " ".join(capsys.readouterr().out.split())


def test_the_repository_of_the_sample_app_holds_its_source_only():
    stray = [file for file in SOURCE.rglob("*") if file.name in {"app", "coverage.out", "coverage.txt"}]
    assert stray == []
    assert NAME not in (SOURCE / "README.md").read_text()

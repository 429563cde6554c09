"""What is told of a way through ssh that does not work, and how it is taken."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from transport import ssh

AT = "ssh://deploy@app.example.com:2222"


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch):
    monkeypatch.setattr(ssh, "resolved", lambda _: {})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("No ED25519 host key is known for x and you have requested strict checking.\nHost key verification failed.",
         "its host key is not known here: run `ssh -p 2222 deploy@app.example.com` once"),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
         "its host key is another one than before: if you know why, run `ssh-keygen -R [app.example.com]:2222`"),
        ("deploy@app.example.com: Permission denied (publickey).", "it takes none of your keys: "),
        ("ssh: connect to host app.example.com port 2222: Connection refused",
         "connect to host app.example.com port 2222: Connection refused: start the ssh server there"),
        ("ssh: Could not resolve hostname app.example.com: Name or service not known",
         "the name [app.example.com]:2222 is not known here"),
        ("bash: line 1: docker: command not found", "there is no docker command there: install Docker on it"),
        ("sh: 1: docker: not found", "there is no docker command there"),
        ("failed to open the raw stream connection: dial unix /var/run/docker.sock: connect: permission denied",
         "deploy@app.example.com may not use Docker there: on it, run `sudo usermod -aG docker $USER`"),
        ("failed to open the raw stream connection: dial unix /var/run/docker.sock: connect: connection refused",
         "no Docker engine runs there: on it, run `sudo systemctl start docker`"),
        ("warning\nThis account is currently not available.\n",
         "not available.: see that `ssh -p 2222 deploy@app.example.com docker version` works"),
        ("", "it was cut off without a word: see that"),
    ],
)  # fmt: skip
def test_what_ssh_says_is_told_in_one_line_with_the_remedy(said, told):
    assert told in ssh.explained(AT, said)
    assert "\n" not in ssh.explained(AT, said)


def test_the_address_is_given_to_ssh_as_it_is_and_never_as_an_option():
    words = ssh.command(AT)
    assert words[-9:] == ["-l", "deploy", "-p", "2222", "--", "app.example.com", "docker", "system", "dial-stdio"]
    assert "BatchMode=yes" in words
    assert ssh.command("ssh://web")[-5:] == ["--", "web", "docker", "system", "dial-stdio"]


@pytest.fixture
def runtime(monkeypatch) -> Iterator[Path]:
    """With a short name, as a socket needs it."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def test_connections_share_one_in_a_folder_of_the_users_own(runtime):
    (folder,) = [word.partition("=")[2] for word in ssh.command(AT) if word.startswith("ControlPath=")]
    assert folder.startswith(f"{runtime}/")
    (place,) = runtime.iterdir()
    assert place.stat().st_mode & 0o777 == 0o700
    place.chmod(0o777)  # anyone could put a socket there
    assert "ControlMaster=auto" not in ssh.command(AT)


def test_where_a_sockets_path_would_be_too_long_nothing_is_shared(monkeypatch, tmp_path):
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert "ControlMaster=auto" not in ssh.command(AT)


def test_a_control_path_of_the_users_own_is_left_to_ssh(monkeypatch):
    monkeypatch.setattr(ssh, "resolved", lambda _: {"controlpath": "/home/me/.ssh/%C"})
    assert "ControlMaster=auto" not in ssh.command(AT)


def test_without_an_ssh_program_the_remedy_is_to_install_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ssh.UnreachableError, match="install it"):
        ssh.check(AT)

import io
import tarfile
from collections.abc import Mapping
from typing import Any

from toolchain.docker_plugin.container_body import archive, create_body, endpoint_arguments, update_arguments
from toolchain.docker_plugin.network import network_body
from toolchain.docker_plugin.volume import volume_body

MIB = 1024 * 1024
LEAST = {"name": "app", "image": "app:v1"}
HOST = {
    "NetworkMode": "bridge",
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "Init": False,
    "AutoRemove": False,
    "ReadonlyRootfs": False,
}


def test_a_container_with_only_an_image_gets_dockers_defaults() -> None:
    assert create_body(LEAST) == {"Image": "app:v1", "HostConfig": HOST}


def test_what_the_container_runs_as() -> None:
    body = create_body(
        LEAST
        | {
            "command": ["serve", "--fast"],
            "entrypoints": ["/app"],
            "envs": ["A=1"],
            "labels": [{"label": "golive.stack", "value": "dev"}],
            "user": "1000:1000",
            "workingDir": "/srv",
            "hostname": "app",
            "stopSignal": "SIGINT",
            "stopTimeout": 5,
        }
    )
    assert body == {
        "Image": "app:v1",
        "Cmd": ["serve", "--fast"],
        "Entrypoint": ["/app"],
        "Env": ["A=1"],
        "Labels": {"golive.stack": "dev"},
        "User": "1000:1000",
        "WorkingDir": "/srv",
        "Hostname": "app",
        "StopSignal": "SIGINT",
        "StopTimeout": 5,
        "HostConfig": HOST,
    }


def test_ports_are_exposed_and_published_and_one_without_an_outer_number_gets_a_free_one() -> None:
    body = create_body(
        LEAST | {"ports": [{"internal": 80, "external": 8080, "ip": "127.0.0.1"}, {"internal": 53, "protocol": "udp"}]}
    )
    assert body["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    assert body["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}],
        "53/udp": [{"HostIp": "0.0.0.0", "HostPort": ""}],
    }


def test_limits_are_bytes_and_billionths_of_a_cpu() -> None:
    limits = {"memory": 256, "memorySwap": 512, "cpus": "0.5", "cpuShares": 512, "cpuSet": "0-1"}
    assert create_body(LEAST | limits)["HostConfig"] == HOST | {
        "Memory": 256 * MIB,
        "MemorySwap": 512 * MIB,
        "NanoCpus": 500_000_000,
        "CpuShares": 512,
        "CpusetCpus": "0-1",
    }
    assert create_body(LEAST | {"memory": 6, "memorySwap": -1})["HostConfig"]["MemorySwap"] == -1


def test_a_health_check_is_in_nanoseconds() -> None:
    check = {"tests": ["CMD", "/app", "health"], "interval": "1m30s", "timeout": "500ms", "retries": 3}
    assert create_body(LEAST | {"healthcheck": check})["Healthcheck"] == {
        "Test": ["CMD", "/app", "health"],
        "Interval": 90_000_000_000,
        "Timeout": 500_000_000,
        "StartPeriod": 0,
        "Retries": 3,
    }


def test_volumes_mounts_and_memory_file_systems() -> None:
    body = create_body(
        LEAST
        | {
            "volumes": [
                {"containerPath": "/data", "volumeName": "data"},
                {"containerPath": "/etc/x", "hostPath": "/srv/x", "readOnly": True},
                {"containerPath": "/scratch"},
            ],
            "mounts": [{"type": "volume", "source": "logs", "target": "/logs", "readOnly": True}],
            "tmpfs": {"/tmp": "size=10m"},
        }
    )
    assert body["Volumes"] == {"/scratch": {}}
    assert body["HostConfig"] == HOST | {
        "Binds": ["data:/data:rw", "/srv/x:/etc/x:ro"],
        "Mounts": [{"Type": "volume", "Source": "logs", "Target": "/logs", "ReadOnly": True}],
        "Tmpfs": {"/tmp": "size=10m"},
    }


def test_what_the_container_may_do_and_how_it_is_kept_up() -> None:
    body = create_body(
        LEAST
        | {
            "restart": "on-failure",
            "maxRetryCount": 3,
            "init": True,
            "readOnly": True,
            "capabilities": {"adds": ["NET_BIND_SERVICE"], "drops": ["ALL"]},
            "securityOpts": ["no-new-privileges"],
            "logDriver": "json-file",
            "logOpts": {"max-size": "10m"},
            "hosts": [{"host": "db", "ip": "10.0.0.5"}],
        }
    )
    assert body["HostConfig"] == {
        "NetworkMode": "bridge",
        "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
        "Init": True,
        "AutoRemove": False,
        "ReadonlyRootfs": True,
        "CapAdd": ["NET_BIND_SERVICE"],
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}},
        "ExtraHosts": ["db:10.0.0.5"],
    }


def test_an_update_of_memory_moves_the_limit_of_swap_along() -> None:
    changed = LEAST | {"memory": 256, "restart": "always"}
    always = {"Name": "always", "MaximumRetryCount": 0}
    assert update_arguments(changed, swap_before=128 * MIB) == {
        "mem_limit": 256 * MIB,
        "memswap_limit": 512 * MIB,
        "restart_policy": always,
    }
    assert update_arguments(changed, swap_before=-1) == {"mem_limit": 256 * MIB, "restart_policy": always}


def test_a_container_is_connected_under_its_aliases_and_address() -> None:
    network = {"name": "net", "aliases": ["app"], "ipv4Address": "10.1.0.9"}
    assert endpoint_arguments(network) == {"net_id": "net", "aliases": ["app"], "ipv4_address": "10.1.0.9"}
    assert endpoint_arguments({"name": "net"}) == {"net_id": "net"}


def test_uploads_become_files_with_their_modes() -> None:
    uploads: list[Mapping[str, Any]] = [
        {"file": "/etc/app.yml", "content": "näme: app"},
        {"file": "/run.sh", "contentBase64": "AP8=", "executable": True},
        {"file": "/secret", "content": "", "permissions": "0600"},
    ]
    with tarfile.open(fileobj=io.BytesIO(archive(uploads, modified=1.0))) as tar:
        files = {one.name: (oct(one.mode), tar.extractfile(one).read()) for one in tar.getmembers()}  # type: ignore[union-attr]
    assert files == {
        "etc/app.yml": ("0o644", "näme: app".encode()),
        "run.sh": ("0o744", b"\x00\xff"),
        "secret": ("0o600", b""),
    }


def test_a_network_and_a_volume() -> None:
    labels = [{"label": "golive.stack", "value": "dev"}]
    assert network_body({"name": "net", "labels": labels, "driver": "bridge", "internal": True}) == {
        "name": "net",
        "driver": "bridge",
        "internal": True,
        "attachable": False,
        "labels": {"golive.stack": "dev"},
        "check_duplicate": True,
    }
    assert volume_body({"name": "data", "labels": labels, "driverOpts": {"type": "tmpfs"}}) == {
        "name": "data",
        "driver_opts": {"type": "tmpfs"},
        "labels": {"golive.stack": "dev"},
    }

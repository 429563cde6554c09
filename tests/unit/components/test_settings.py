import json
from pathlib import Path

import pulumi
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from components import stackfile
from components.settings import Settings, SettingsError, parse

ROOT = Path(__file__).parents[3]
ENCRYPTED = {
    ("github", "token"),
    ("github", "app", "privateKey"),
    ("environment", "secrets", "API_KEY"),
    ("service", "secrets", "DATABASE_URL"),
    ("traffic", "tls", "key"),
}
OURS = {"owner": "acme", "repository": "shop"}
LEAST = {"github": OURS, "deployFrom": {"branch": "main"}}
TOKEN = {"GITHUB_TOKEN": "ghp_of_the_shell", "GITHUB_ENTERPRISE_TOKEN": "ghp_of_the_server"}


def read(environ: dict[str, str] | None = None, secure: set[tuple[str, ...]] | None = None, **keys: object) -> Settings:
    config = {f"golive:{key}": one if isinstance(one, str) else json.dumps(one) for key, one in (LEAST | keys).items()}
    return parse(
        "golive", "staging", config, ENCRYPTED if secure is None else secure, TOKEN if environ is None else environ
    )


def problems(
    environ: dict[str, str] | None = None, secure: set[tuple[str, ...]] | None = None, **keys: object
) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(environ, secure, **keys)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return [line.removeprefix("Pulumi.staging.yaml: golive:") for line in caught.value.problems]


def test_the_least_a_stack_must_say_is_its_repository_and_what_it_deploys():
    settings = read()
    assert (settings.project, settings.stack, settings.environment.name) == ("golive", "staging", "staging")
    assert settings.apps[""].version is None
    assert settings.apps[""].image == ""
    assert settings.protection.bypass[0].role == "admin"
    assert settings.traffic.image == "traefik:v3.6.12"


def test_empty_defaults_of_the_project_file_count_as_not_set():
    settings = read(version="", image="", service={}, docker={"host": ""}, traffic={"host": ""})
    assert (settings.apps[""].version, settings.docker.host, settings.traffic.host) == (None, None, None)


def test_keys_are_camel_case_in_the_file_and_only_so():
    assert read(environment={"waitTimer": 5}).environment.wait_timer == 5
    assert problems(environment={"wait_timer": 5}) == [
        "environment.wait_timer: is not a setting. Did you mean waitTimer?"
    ]


def test_numbers_and_booleans_may_be_text_as_the_command_line_writes_them():
    settings = read(traffic={"port": "8090"}, monitor={"enabled": "false"}, environment={"variables": {"PORT": 80}})
    assert settings.traffic.port == 8090
    assert settings.monitor.enabled is False
    assert settings.environment.variables == {"PORT": "80"}


def test_nothing_can_be_changed_once_it_is_read():
    with pytest.raises(Exception, match="frozen"):
        read().traffic.port = 1  # type: ignore[misc]


def test_every_problem_is_said_at_once():
    lines = problems(
        environ={},
        github={"owner": "acme"},
        deployFrom={},
        environment={"waitTimer": -1},
        traffic={"port": "x"},
        nope="1",
    )
    assert {line.split(": ")[0] for line in lines} == {
        "nope", "github.repository", "github.token", "deployFrom", "environment.waitTimer", "traffic.port",
    }  # fmt: skip


def test_a_problem_names_stack_file_key_path_value_and_remedy():
    with pytest.raises(SettingsError) as caught:
        read(environment={"waitTimer": 99999})
    assert str(caught.value) == (
        "Pulumi.staging.yaml: golive:environment.waitTimer: 99999 is more than 43200 minutes. "
        "Set it between 0 and 43200."
    )
    assert isinstance(caught.value, pulumi.RunError)


RUNS = {"version": "v1", "image": "shop"}
PUBLIC = {"host": "app.example.com", "address": "0.0.0.0"}
FETCHED = {"email": "ops@example.com", "server": "https://acme.example/dir"}
PEM = "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(("said", "seconds"), [("off", 0), (False, 0), ("90s", 90), ("30m", 1800), ("24h", 86400),
                                               ("7d", 604800)])  # fmt: skip
def test_how_long_a_version_is_kept_warm_is_a_duration(said, seconds):
    assert read(release={"keepWarm": said}).apps[""].release.keep_warm == seconds
    assert read().apps[""].release.keep_warm is None


WEB = {"image": "web", "host": "shop.example.com"}
API = {"image": "api", "host": "shop.example.com", "path": "/api"}


def test_several_services_have_the_stacks_version_and_canary_unless_they_say_their_own():
    cache = {"image": "cache", "version": "v7", "host": "cache.example.com", "canary": 50, "release": {"drain": 5}}
    apps = read(version="v1", canary="10", release={"drain": 9}, services={"web": WEB, "cache": cache}).apps
    web, cache = apps["web"], apps["cache"]
    assert (web.version, web.canary, web.release.drain, web.host) == ("v1", 10, 9, "shop.example.com")
    assert (cache.version, cache.canary, cache.release.drain) == ("v7", 50, 5)
    assert (web.key("version"), web.of("release")) == ("golive:services.web.version", "release-web")
    assert list(read(services={}).apps) == [""]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"services": ["web"]}, "services: is no mapping"),
        ({"services": {"Web": WEB}}, "services.Web: Web is no name"),
        ({"services": {"web": {**WEB, "porte": 1}}}, "services.web.porte: is not a setting. Did you mean port?"),
        ({"services": {"web": {**WEB, "health": {"path": "up"}}}}, "services.web.health.path: up is no path"),
        ({"services": {"web": {**WEB, "path": "/api/"}}}, "services.web.path: /api/ is no path of a service"),
        ({"services": {"web": WEB, "shop": WEB}}, "services.shop: is reached by the same host and path as web"),
        ({"services": {"my-worker": WEB}}, "services.my-worker: ends with -worker"),
        ({"services": {"web": WEB}, "image": "shop"}, "image: is of the only service"),
        ({"services": {"web": WEB}, "service": {"port": 80}}, "service: is of the only service"),
        ({"services": {"web": {**WEB, "image": ""}}, "version": "v1"}, "services.web.image: is missing"),
        ({"services": {"web": {**WEB, "secrets": {"A": "x"}}}}, "services.web.secrets.A: is in clear text"),
        ({"services": {"web": {**WEB, "canary": 10}}}, "services.web.canary: is set without a version"),
        ({"services": {"web": {**WEB, "version": "v1", "experiment": {"version": "v1", "percent": 5}}}},
         "services.web.experiment.version: is the live version itself"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_of_several_services_is_told_by_its_name(keys, line):
    assert any(one.startswith(line) for one in problems(**keys)), problems(**keys)


def test_a_right_service_is_checked_beside_a_wrong_one():
    lines = problems(services={"web": {**WEB, "port": 0}, "api": {**API, "secrets": {"A": "x"}, "env": {"A": "1"}}})
    assert [line.partition(":")[0] for line in lines] == [
        "services.api.secrets.A",
        "services.web.port",
        "services.api.secrets.A",
    ]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"foo": "1"}, "foo: is not a setting. Delete it"),
        ({"Monitor": {}}, "Monitor: is not a setting. Did you mean monitor?"),
        ({"environment": {"reviewers": {"user": []}}}, "environment.reviewers.user: is not a setting. Did you mean"),
        ({"protection": {"bypass": [{"rol": "x"}]}}, "protection.bypass[0].rol: is not a setting. Did you mean role?"),
        ({"github": {"owner": "a/b", "repository": "c"}}, "github.owner: a/b is no GitHub owner"),
        ({"github": {"owner": "a", "repository": "a/b"}}, "github.repository: a/b is no repository name"),
        ({"github": {**OURS, "baseUrl": "https://github.com"}}, "github.baseUrl: https://github.com is github.com"),
        ({"github": {**OURS, "baseUrl": "http://ghe.example/"}}, "github.baseUrl: http://ghe.example/ would"),
        ({"github": {**OURS, "baseUrl": "ghe.example"}}, "github.baseUrl: ghe.example is no server's address"),
        ({"github": {**OURS, "token": "x", "app": {"id": 1, "installationId": 2, "privateKey": "k"}}},
         "github: has both token and app"),
        ({"deployFrom": {"branch": "main", "tag": "v*"}}, "deployFrom: has both branch and tag"),
        ({"deployFrom": {"branch": "release/*"}}, "deployFrom.branch: release/* is no branch name"),
        ({"deployFrom": {"tag": "refs/tags/v*"}}, "deployFrom.tag: refs/tags/v* is no tag pattern"),
        ({"environment": {"preventSelfReview": True}}, "environment.preventSelfReview: is true without reviewers"),
        ({"environment": {"reviewers": {"users": list("abcd"), "teams": list("xyz")}}},
         "environment.reviewers: has 7 users and teams, GitHub takes 6 together"),
        ({"environment": {"reviewers": {"users": ["bob", "Bob"]}}}, "environment.reviewers.users: names Bob twice"),
        ({"environment": {"name": "a;b"}}, "environment.name: is no name for an environment"),
        ({"environment": {"variables": {"GITHUB_A": "1"}}}, "environment.variables.GITHUB_A: starts with GITHUB_"),
        ({"environment": {"variables": {"1A": "1"}}}, "environment.variables.1A: is no name of a variable"),
        ({"environment": {"variables": {"A": 1.10}}}, "environment.variables.A: 1.1 is a number with a point"),
        ({"environment": {"variables": {"A": "x" * 49153}}}, "environment.variables.A: is longer than 48 KiB"),
        ({"environment": {"variables": {"api_key": "1"}, "secrets": {"API_KEY": "x"}}},
         "environment.secrets.API_KEY: is the name of a variable too"),
        ({"service": {"env": {"DATABASE_URL": "1"}, "secrets": {"DATABASE_URL": "x"}}},
         "service.secrets.DATABASE_URL: is in service.env too"),
        ({"service": {"health": {"path": "health"}}}, "service.health.path: health is no path"),
        ({"service": {"health": {"successes": 10, "deadline": 5}}}, "service.health.deadline: is too short"),
        ({"service": {"command": "serve"}}, "service.command: serve is text. Write it as a list"),
        ({"service": {"memory": 2}}, "service.memory: 2 is less than 6 MiB"),
        ({"service": {"restart": "never"}}, "service.restart: never is not one of the choices. Set unless-stopped"),
        ({"service": {"logs": {"maxSize": "10 MB"}}}, "service.logs.maxSize: 10 MB is no size"),
        ({"protection": {"approvals": 11}}, "protection.approvals: 11 is more than 10"),
        ({"protection": {"bypass": [{"role": "admin", "app": 1}]}}, "protection.bypass[0]: must name exactly one"),
        ({"deployFrom": {"tag": "v*"}, "protection": {"approvals": 1}}, "protection.approvals: needs pull requests"),
        ({"canary": "0"}, "canary: 0 is less than 1 percent"),
        ({"canary": "101"}, "canary: 101 is more than 100 percent"),
        ({"canary": "ten"}, "canary: ten is no whole number"),
        ({"canary": "10"}, "canary: is set without a version"),
        ({"version": "v1.0.0"}, "image: is missing, though version is set"),
        ({"version": "v 1", "image": "shop"}, "version: v 1 is no image tag"),
        ({"image": "ghcr.io:443/acme/shop:v1"}, "image: ghcr.io:443/acme/shop:v1 has a tag of its own"),
        ({"image": "Shop"}, "image: Shop is no image reference"),
        ({"traffic": {"host": "https://a.example"}}, "traffic.host: https://a.example is no host name"),
        ({"traffic": {"address": "localhost"}}, "traffic.address: localhost is no IP address"),
        ({"traffic": {"address": "0.0.0.0"}, "monitor": {"port": 8080}}, "monitor.port: is 8080, which traffic.port"),
        ({"traffic": {"metrics": {"port": 8080}}}, "traffic.metrics.port: is 8080, which traffic.port has already"),
        ({"traffic": {"metrics": {"port": 8081}}}, "traffic.metrics.port: is 8081, which monitor.port has already"),
        ({"release": {"keepWarm": "a day"}}, "release.keepWarm: a day is no duration. Set off, or a number with s, m"),
        ({"release": {"keepWarm": 24}}, "release.keepWarm: 24 is no duration"),
        ({"release": {"pre": "migrate"}}, "release.pre: migrate is text. Write it as a list"),
        ({"release": {"drain": 3601}}, "release.drain: 3601 is more than 3600 seconds"),
        ({"maintenance": {"retryAfter": 0}}, "maintenance.retryAfter: 0 is less than 1 seconds"),
        ({"service": {"replicas": 0}}, "service.replicas: 0 is less than 1"),
        ({"service": {"workers": {"queue": {}}}}, "service.workers.queue.command: is missing"),
        ({"service": {"workers": {"a b": {"command": ["x"]}}}}, 'service.workers["a b"]: is no name'),
        ({"experiment": {"percent": 5}, **RUNS}, "experiment.version: is missing"),
        ({"experiment": {"version": "v2", "percent": 5}}, "experiment: is set without a version"),
        ({"experiment": {"version": "v1", "percent": 5}, **RUNS}, "experiment.version: is the live version itself"),
        ({"experiment": {"version": "v2", "percent": 5}, **RUNS, "canary": "10"}, "experiment: is set beside"),
        ({"experiment": {"version": "v2"}, **RUNS}, "experiment: must have exactly one of percent, header and cookie"),
        ({"experiment": {"version": "v2", "percent": 5, "cookie": "c", "value": "b"}, **RUNS},
         "experiment: must have exactly one of"),
        ({"experiment": {"version": "v2", "header": "X-Group"}, **RUNS}, "experiment.value: is missing"),
        ({"experiment": {"version": "v2", "percent": 5, "value": "b"}, **RUNS}, "experiment.value: has no meaning"),
        ({"experiment": {"version": "v2", "header": "X`G", "value": "b"}, **RUNS}, "experiment.header: X`G is no name"),
        ({"experiment": {"version": "v2", "percent": 5}, **RUNS, "image": "shop@sha256:" + "0" * 64},
         "experiment: needs an image whose tag is the version"),
        ({"traffic": {"tls": {"email": "ops"}, **PUBLIC}}, "traffic.tls.email: ops is no email address"),
        ({"traffic": {"tls": {"port": 8443}, **PUBLIC}}, "traffic.tls: has neither email nor certificate and key"),
        ({"traffic": {"tls": FETCHED}}, "traffic.host: is missing, though tls.email is set"),
        ({"traffic": {"tls": {"email": "ops@example.com"}, "host": "app.example.com"}}, "traffic.address: is loopback"),
        ({"traffic": {"tls": {**FETCHED, "port": 8080}, **PUBLIC}},
         "traffic.tls.port: is 8080, which traffic.port has already"),
        ({"traffic": {"tls": {**FETCHED, "port": 8081}, **PUBLIC}},
         "traffic.tls.port: is 8081, which monitor.port has already"),
        ({"traffic": {"tls": {**FETCHED, "port": 9100}, "metrics": {"port": 9100}, **PUBLIC}},
         "traffic.tls.port: is 9100, which traffic.metrics.port has already"),
        ({"traffic": {"tls": {**FETCHED, "server": "http://acme.example/dir"}, **PUBLIC}},
         "traffic.tls.server: http://acme.example/dir is no address"),
        ({"traffic": {"tls": {"email": "ops@example.com", "caCertificate": PEM}, **PUBLIC}},
         "traffic.tls.caCertificate: has no meaning without tls.server"),
        ({"traffic": {"tls": {**FETCHED, "caCertificate": "ca.pem"}, **PUBLIC}},
         "traffic.tls.caCertificate: ca.pem is no certificate in PEM"),
        ({"traffic": {"tls": {"certificate": PEM}, **PUBLIC}}, "traffic.tls.key: is missing, though tls.certificate"),
        ({"traffic": {"tls": {"key": "k"}, **PUBLIC}}, "traffic.tls.certificate: is missing, though tls.key is set"),
        ({"traffic": {"tls": {"certificate": PEM, "key": "k"}, **PUBLIC}}, "traffic.tls.certificate: cannot be read"),
        ({"traffic": {"tls": FETCHED}, "services": {"web": WEB, "api": {**API, "host": ""}}},
         "traffic.host: is missing"),
        ({"services": {"web": {**WEB, "maintenance": {"page": "x.html"}}}},
         "services.web.maintenance.page: x.html is not there"),
        ({"maintenance": {"page": "nowhere.html"}}, "maintenance.page: nowhere.html is not there"),
        ({"maintenance": {"page": "."}}, "maintenance.page: . cannot be read (Is a directory)"),
        ({"docker": {"host": "/var/run/docker.sock"}}, "docker.host: /var/run/docker.sock is no Docker host"),
        ({"docker": "unix:///run/docker.sock"}, "docker: is no mapping"),
        ({"docker": {"host": "ssh://me:secret@app"}}, "docker.host: ssh://me:secret@app has a password"),
        ({"docker": {"host": "ssh://me@app:ssh"}}, "docker.host: ssh://me@app:ssh is no address for ssh"),
        ({"docker": {"host": "ssh://-oProxyCommand=x"}}, "docker.host: ssh://-oProxyCommand=x is no address for ssh"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_remedy(keys, line):
    (found,) = problems(**keys)
    assert found.startswith(line)
    assert "\n" not in found


def test_the_page_for_maintenance_is_read_beside_the_stack_file(tmp_path):
    config = {f"golive:{key}": json.dumps(one) for key, one in (LEAST | {"maintenance": {"page": "a/b.html"}}).items()}
    (tmp_path / "a").mkdir()
    file = tmp_path / "a" / "b.html"

    def page(data: bytes) -> str:
        file.write_bytes(data)
        try:
            return str(parse("golive", "staging", config, ENCRYPTED, TOKEN, folder=tmp_path).apps[""].maintenance.page)
        except SettingsError as error:
            return str(error).partition("golive:maintenance.page: a/b.html ")[2]

    assert page("zurück".encode()) == "zurück"
    assert page(b"x" * 256 * 1024) == "x" * 256 * 1024
    assert page("ü".encode() * 128 * 1024 + b"x").startswith("is larger than 256 KiB")
    assert page(b"\xff").startswith("is no text in UTF-8")
    assert page(b" \n").startswith("is empty")


def test_a_stack_without_a_token_is_told_where_to_put_one():
    (line,) = problems(environ={})
    assert line == (
        "github.token: is missing, and GITHUB_TOKEN is not set. Set GITHUB_TOKEN, or run: "
        "pulumi config set --secret --path 'golive:github.token' --stack staging"
    )


def test_the_shells_token_for_github_com_is_never_sent_to_another_server():
    server = {"github": {**OURS, "baseUrl": "http://127.0.0.1:8470"}}
    (line,) = problems(environ={"GITHUB_TOKEN": "ghp_dot_com"}, **server)
    assert "GITHUB_ENTERPRISE_TOKEN is not set" in line
    settings = read(**server)
    assert settings.github.token and settings.github.token.get_secret_value() == "ghp_of_the_server"
    assert settings.github.base_url == "http://127.0.0.1:8470/"


def test_the_stacks_own_token_goes_before_the_shells():
    settings = read(github={**OURS, "token": "ghp_own"})
    assert settings.github.token and settings.github.token.get_secret_value() == "ghp_own"


def test_an_app_needs_no_token():
    app = {"id": 12, "installationId": 34, "privateKey": "-----BEGIN"}
    settings = read(environ={}, github={**OURS, "app": app})
    assert settings.github.app and settings.github.app.id == "12"
    assert settings.github.token is None


def test_a_secret_in_clear_text_is_refused_with_the_command_that_encrypts_it():
    lines = problems(secure=set(), environment={"secrets": {"API_KEY": "hunter2"}}, github={**OURS, "token": "x"})
    assert [line.split(":")[0] for line in lines] == ["github.token", "environment.secrets.API_KEY"]
    assert lines[1].endswith("pulumi config set --secret --path 'golive:environment.secrets.API_KEY' --stack staging")


@pytest.mark.parametrize(
    "keys",
    [
        {"environment": {"secrets": {"1X": "hunter2"}}},
        {"environment": {"secrets": ["hunter2"]}},
        {"environment": {"secrets": {"A": ["hunter2"]}}},
        {"environment": {"secret": {"A": "hunter2"}}},
        {"environment": "hunter2"},
        {"github": {**OURS, "tokn": "hunter2"}},
        {"github": {**OURS, "token": ["hunter2"]}},
        {"github": "hunter2"},
        {"service": {"secrets": {"A": 2.5, "B": "hunter2"}}},
        {"hunter": "hunter2"},
        {"traffic": {"tls": {"key": "hunter2"}}},
        {"traffic": {"tls": {"keys": "hunter2"}}},
    ],
)
def test_no_message_ever_shows_a_secret(keys):
    assert "hunter2" not in "\n".join(problems(secure=set(), **keys))


def test_settings_do_not_show_their_secrets():
    shown = repr(read(environment={"secrets": {"API_KEY": "hunter2"}}, github={**OURS, "token": "hunter2"}))
    assert "hunter2" not in shown


@given(some.dictionaries(some.sampled_from([*LEAST, "environment", "service", "version", "image"]), some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)))  # fmt: skip
def test_whatever_is_in_the_file_the_answer_is_settings_or_sentences(keys):
    try:
        read(**keys)
    except SettingsError as error:
        assert all(line.startswith("Pulumi.staging.yaml: golive:") for line in error.problems)
        assert all("\n" not in line for line in error.problems)


@pytest.mark.parametrize("stack", ["dev", "staging", "production"])
def test_the_stack_files_that_come_with_the_project_are_right(stack):
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in config.items()}
    settings = parse("golive", stack, texts, (), TOKEN)
    assert settings.apps[""].version == "v1.0.0"
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    assert set(config) <= set(declared)


def test_no_two_stacks_that_come_with_the_project_share_a_ref_or_a_port():
    stacks = [
        yaml.safe_load((ROOT / f"Pulumi.{one}.yaml").read_text())["config"] for one in ("dev", "staging", "production")
    ]
    assert len({json.dumps(one["golive:deployFrom"]) for one in stacks}) == 3
    ports = [one[key]["port"] for one in stacks for key in ("golive:traffic", "golive:monitor")]
    assert ports == [8080, 8081, 8180, 8181, 8280, 8281]


FILE = {
    "golive:environment": {"variables": {"A": "1"}, "secrets": {"SAFE": {"secure": "v1:abc"}, "BARE": "hunter2"}},
    "golive:github": {"secure": "v1:def"},
}
VALUES = {
    "golive:environment": json.dumps(
        {"variables": {"A": "1"}, "secrets": {"SAFE": "s", "BARE": "hunter2", "NEW": "n"}}
    ),
    "golive:github": json.dumps({"token": "t"}),
    "golive:service": json.dumps({"secrets": {"A": "x"}}),
}


def test_the_stack_file_says_which_values_are_encrypted():
    found = stackfile.secure_paths(VALUES, FILE, {"golive:environment", "golive:github"}, "golive")
    assert ("environment", "secrets", "SAFE") in found
    assert ("environment", "secrets", "BARE") not in found
    assert ("github", "token") in found


def test_where_the_file_does_not_have_a_value_the_engines_word_counts():
    found = stackfile.secure_paths(VALUES, FILE, {"golive:environment"}, "golive")
    assert ("environment", "secrets", "NEW") in found
    assert ("service", "secrets", "A") not in found


def test_a_stack_file_that_is_missing_or_broken_has_nothing_to_say(tmp_path):
    assert stackfile.load(tmp_path, "dev") == {}
    (tmp_path / "Pulumi.dev.yaml").write_text("config: [")
    assert stackfile.load(tmp_path, "dev") == {}
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  golive:version: v1\n")
    assert stackfile.load(tmp_path, "dev") == {"golive:version": "v1"}


def test_on_a_swarm_it_is_said_that_its_ports_are_open_everywhere_and_what_it_cannot_do():
    assert problems(engine="swarm", traffic={"metrics": {"port": 8082}}, release={"drain": 5}) == [
        "traffic.address: is 127.0.0.1, and a swarm publishes on every address of every node. Set it to 0.0.0.0, and "
        "see to it by a firewall who gets there.",
        "traffic.metrics.port: is set, and on a swarm each node's proxy counts for itself alone. Delete it.",
        "release.drain: is set, and the connections of a swarm's nodes cannot be counted from here. Delete it: "
        "golive:service.stopTimeout is how long they may take.",
    ]
    assert read(engine="swarm", traffic={"address": "0.0.0.0"}).engine == "swarm"


def test_what_a_swarms_proxies_cannot_do_yet_is_refused():
    public = {"address": "0.0.0.0", "host": "shop.example.com", "tls": {"email": "ops@example.com"}}
    assert problems(engine="swarm", traffic=public) == [
        "traffic.tls: is set, and a swarm's proxies keep no certificates yet. Put a balancer before them.",
    ]
    assert problems(engine="swarm", traffic={"address": "0.0.0.0"}, services={"web": WEB}) == [
        "services: is set, and a swarm's proxies read one route. Make a stack for each service.",
    ]
    only_there = {**WEB, "placement": ["node.role==worker"]}
    assert problems(services={"web": only_there})[0].startswith("services.web.placement: is set, and only a swarm")


def test_what_only_a_swarm_has_is_refused_elsewhere():
    assert problems(service={"placement": ["node.role==worker"], "parallelism": 2}) == [
        "service.placement: is set, and only a swarm has nodes to choose from. Set golive:engine: swarm.",
        "service.parallelism: is set, and only a swarm has nodes to choose from. Set golive:engine: swarm.",
    ]


def test_an_engine_or_a_constraint_that_there_is_not_is_told():
    assert problems(engine="kubernetes") == ["engine: kubernetes is not one of the choices. Set docker or swarm."]
    (line,) = problems(engine="swarm", traffic={"address": "0.0.0.0"}, service={"placement": ["zone=a"]})
    assert line.startswith("service.placement[0]: zone=a is no placement constraint. Set one such as")

"""The kinds of value a stack file may hold: what each takes, and what it says of a value it refuses.

Every refusal is a sentence that goes on from the value (`… is more than 43200 minutes. Set it between 0 and 43200.`).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

REFUSED = "refused"  # marks a sentence of ours among pydantic's own errors
Number = TypeVar("Number", int, float)


def refused(sentence: str) -> PydanticCustomError:
    """The error that carries `sentence` to the person who wrote the value."""
    return PydanticCustomError(REFUSED, "{sentence}", {"sentence": sentence})


def between(low: Number, high: Number, unit: str = "") -> AfterValidator:
    """Takes numbers from `low` to `high`, both included; `unit` is what the number counts (minutes, MiB)."""
    counted = f" {unit}" if unit else ""

    def check(number: Number) -> Number:
        if low <= number <= high:
            return number
        side = f"more than {high}" if number > high else f"less than {low}"
        raise refused(f"is {side}{counted}. Set it between {low} and {high}.")

    return AfterValidator(check)


def matching(pattern: str, what: str, remedy: str) -> AfterValidator:
    """Takes text that fits the whole of `pattern`; otherwise says that it is no `what`, and the `remedy`."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text):
            return text
        raise refused(f"is no {what}. {remedy}")

    return AfterValidator(check)


def _text(value: Any) -> Any:
    """`pulumi config set --path` writes 8080 and true without quotes: they are the text they were typed as."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):  # 1.10 has become 1.1 by the time it is read
        raise refused("is a number with a point, which loses its last zeros. Put it in quotes.")
    return value


def _not_empty(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise refused("is empty. Set it, or delete the key.")
    return value


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise refused("is no IP address. Set 127.0.0.1 for this machine only, 0.0.0.0 for everyone.") from None


def _single(value: Any) -> Any:
    """A lone command word is not a list: say so rather than split it into letters or guess at quotes."""
    if isinstance(value, str):
        raise refused('is text. Write it as a list, one word an entry: ["serve", "--verbose"].')
    return value


def _seconds(value: Any) -> Any:
    """`off`, or a whole number of s, m, h or d, in seconds. YAML itself reads a bare off as false."""
    if value is False or value == "off":
        return 0
    found = re.fullmatch(r"([1-9]\d{0,8})([smhd])", value) if isinstance(value, str) else None
    if not found:
        raise refused("is no duration. Set off, or a number with s, m, h or d behind it, such as 24h.")
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]


LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
IMAGE_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"

Text = Annotated[str, BeforeValidator(_text)]
Secret = Annotated[SecretStr, BeforeValidator(_text), AfterValidator(_not_empty)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_single)]
Port = Annotated[int, between(1, 65535)]
Share = Annotated[int, between(1, 100, "percent")]
Span = Annotated[int, BeforeValidator(_seconds)]
Address = Annotated[Text, AfterValidator(_address)]
Hostname = Annotated[
    Text,
    matching(rf"{LABEL}(?:\.{LABEL})*", "host name", "Set a name such as app.example.com, without https:// or port."),
]
Owner = Annotated[
    Text, matching(r"[A-Za-z0-9](?:-?[A-Za-z0-9_]){0,38}", "GitHub owner", "Set the organization's or user's login.")
]
Repository = Annotated[
    Text, matching(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}", "repository name", "Set the name alone, without the owner.")
]
Login = Annotated[
    Text, matching(r"[A-Za-z0-9](?:-?[A-Za-z0-9_]){0,38}", "GitHub login", "Set the name after github.com/, without @.")
]
Slug = Annotated[
    Text, matching(r"[a-z0-9_-]{1,100}", "team", "Set the last part of the team's address, in lower case, without @.")
]
# https://git-scm.com/docs/git-check-ref-format
NOT_IN_A_REF = r"(?!/|-|\.|refs/)(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))"
REF_CHARACTER = r"[^\s~^:?\[\\\x00-\x1f\x7f*]"
Branch = Annotated[
    Text,
    matching(
        rf"{NOT_IN_A_REF}{REF_CHARACTER}+(?<![/.])", "branch name", "Set one branch, such as main, without wildcards."
    ),
]
Tag = Annotated[
    Text,
    matching(
        rf"{NOT_IN_A_REF}(?:{REF_CHARACTER}|\*)+(?<![/.])",
        "tag pattern",
        "Set a pattern such as v*, without refs/tags/.",
    ),
]
# https://docs.docker.com/reference/cli/docker/image/tag/
Version = Annotated[
    Text, matching(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "image tag", "Set letters, digits, dots, dashes: v1.0.0.")
]
Variable = Annotated[
    Text, matching(r"[A-Za-z_][A-Za-z0-9_]*", "name of a variable", "Use letters, digits and _, no digit first.")
]
Name = Annotated[
    Text,
    matching(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", "name", "Use up to 32 small letters, digits and dashes: queue."),
]
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens, without what has a meaning in the proxy's rules
Token = Annotated[
    Text,
    matching(r"[A-Za-z0-9!#$%&'*+.^_|~-]{1,100}", "name or value of a header or cookie", "Use letters and digits."),
]
# https://www.rfc-editor.org/rfc/rfc7468
Certificate = Annotated[
    Text,
    matching(
        r"(?s)\s*-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\s*",
        "certificate in PEM",
        "Set the text from -----BEGIN CERTIFICATE-----, those of its chain after it.",
    ),
]
Email = Annotated[Text, matching(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+", "email address", "Set one: ops@example.com.")]
HttpsUrl = Annotated[
    Text, matching(r"https://[^\s/?#]+(?:/[^\s#]*)?", "address", "Start it with https://, and end it with its path.")
]
# https://docs.docker.com/reference/cli/docker/service/create/#constraint
Constraint = Annotated[
    Text,
    matching(
        r"(?:node|engine)\.[A-Za-z0-9._-]+ *[!=]= *[^\s=!]+",
        "placement constraint",
        "Set one such as node.labels.zone==a or node.role!=manager.",
    ),
]
Size = Annotated[Text, matching(r"[1-9]\d*[kmg]", "size", "Set a number with k, m or g behind it, such as 10m.")]
HttpPath = Annotated[Text, matching(r"/[^\s#`]*", "path", "Start it with /, such as /health.")]
PathPrefix = Annotated[
    Text,
    matching(
        r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+",
        "path of a service",
        "Set one such as /api, without a slash at its end.",
    ),
]
# https://pkg.go.dev/github.com/distribution/reference
ImageName = Annotated[
    Text,
    matching(
        rf"(?:{LABEL}(?:\.{LABEL})*(?::\d+)?/)?{IMAGE_PART}(?:/{IMAGE_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
        r"(?:@sha256:[0-9a-f]{64})?",
        "image reference",
        "Set registry/name, in lower case, such as ghcr.io/acme/shop.",
    ),
]


def _no_tag(name: str) -> str:
    if ":" in name.split("@", maxsplit=1)[0].rpartition("/")[2]:
        raise refused("has a tag of its own. Delete it there: the tag is golive:version.")
    return name


# what is deployed: its tag is the version
AppImage = Annotated[ImageName, AfterValidator(_no_tag)]


def _github_name(name: str) -> str:
    """https://docs.github.com/actions/reference/security/secrets#naming-your-secrets"""
    if name.upper().startswith("GITHUB_"):
        raise refused("starts with GITHUB_, which GitHub keeps for itself. Choose another name.")
    return name


SettingName = Annotated[Variable, AfterValidator(_github_name)]


def _base_url(url: str) -> str:
    """GitHub Enterprise Server's address, with the slash at the end that the provider wants."""
    found = re.fullmatch(r"(https?)://(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(?::\d+)?/?", url)
    if found is None:
        raise refused("is no server's address. Set scheme and host alone, such as https://github.example.com/.")
    if found[2] in {"github.com", "api.github.com", "www.github.com"}:
        raise refused("is github.com itself. Delete the key: github.com is what is used without it.")
    if found[1] == "http" and not re.fullmatch(r"localhost|127\.[\d.]+|\[::1\]", found[2]):
        raise refused("would send the token unencrypted. Set https:// in it.")
    return url.rstrip("/") + "/"


BaseUrl = Annotated[Text, AfterValidator(_base_url)]


def _docker_host(host: str) -> str:
    if not re.fullmatch(r"(?:unix|npipe)://\S+|(?:tcp|ssh|https?)://[^\s/]+/?", host):
        raise refused("is no Docker host. Set unix:///var/run/docker.sock, ssh://user@host or tcp://host:2376.")
    if host.startswith("ssh://"):
        if re.fullmatch(r"ssh://[^@]*:[^@]*@.*", host):
            raise refused("has a password. Take it out: ssh takes a key, from its agent or as ~/.ssh/config names it.")
        if not re.fullmatch(
            r"ssh://(?:[^@:]+@)?(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9a-f:]+\])(?::[1-9]\d{0,4})?/?", host
        ):
            raise refused("is no address for ssh. Set ssh://user@host or ssh://user@host:port.")
    return host


DockerHost = Annotated[Text, AfterValidator(_docker_host)]

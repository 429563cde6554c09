"""How this project speaks to GitHub: the provider, tuned for speed within GitHub's limits, and the API's address.

Sources: https://www.pulumi.com/registry/packages/github/api-docs/provider/ and, for the limits (about 80 writes that
make content a minute), https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import pulumi
from pulumi_github import Provider, ProviderAppAuthArgs

from components.settings import GitHub

DOT_COM = "https://api.github.com/"
# One write at a time a second is the provider's default: 46 s for 35 resources. Ten a second at most is far below the
# limits for what one stack declares, and takes a sixth of the time.
WRITE_DELAY = 100  # milliseconds


def api(github: GitHub) -> str:
    """The REST API's address, without a slash at the end."""
    return f"{github.base_url}api/v3" if github.base_url else DOT_COM.rstrip("/")


def provider(github: GitHub, opts: pulumi.ResourceOptions | None = None) -> Provider:
    """The provider that every GitHub resource of the stack uses; the token or key is a secret in its state.

    `base_url` is always given, so that GITHUB_BASE_URL in someone's shell cannot send the token elsewhere. Where an app
    is used the provider mints its tokens itself (they last an hour).
    """
    app = github.app
    app_auth = app and ProviderAppAuthArgs(
        id=app.id,
        installation_id=app.installation_id,
        pem_file=pulumi.Output.secret(app.private_key.get_secret_value()),
    )
    token = github.token.get_secret_value() if github.token and not app else ""  # "": not GITHUB_TOKEN of the shell
    return Provider(
        "github",
        owner=github.owner,
        base_url=github.base_url or DOT_COM,
        token=pulumi.Output.secret(token),
        app_auth=app_auth,
        parallel_requests=True,
        write_delay_ms=WRITE_DELAY,
        opts=opts,
    )

"""What those get who ask while the doors are closed, in the proxy's words. Pure.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/errorpages/
"""

from __future__ import annotations

from typing import Any

# The page is shown whole whatever was asked for, and by what it says of itself nobody keeps it.
WHOLE = {"Range": "", "If-None-Match": "", "If-Modified-Since": ""}
HTML = {"Content-Type": "text/html; charset=utf-8", "ETag": "", "Last-Modified": "", "Accept-Ranges": ""}


def closed(retry_after: int, page: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The services, `nobody` among them, and the middlewares before that one, the first of which has the last word.

    `retry_after`: in how many seconds to come back; `page`: where the page is that is shown, None: none.
    """
    services: dict[str, Any] = {"nobody": {"loadBalancer": {"servers": []}}}  # the proxy itself answers 503
    told = {"Retry-After": str(retry_after), "Cache-Control": "no-store"}
    if not page:
        return services, {"closed": {"headers": {"customResponseHeaders": told}}}
    server, _, path = page.rpartition("/")
    services["pages"] = {"loadBalancer": {"servers": [{"url": server}], "serversTransport": "slots"}}
    return services, {
        "closed": {"headers": {"customRequestHeaders": dict(WHOLE), "customResponseHeaders": {**told, **HTML}}},
        "page": {"errors": {"status": ["503"], "service": "pages", "query": f"/{path}"}},
    }

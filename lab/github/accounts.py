"""Who there is: the organization, its teams, its people, and what each may do.

Source: https://docs.github.com/rest/users, https://docs.github.com/rest/orgs, https://docs.github.com/rest/teams
"""

from __future__ import annotations

from typing import Any

from lab.github.call import Call, Routes, node_id
from lab.github.reply import Reply, not_found
from lab.github.store import Row, Store, now

ADMINISTRATOR = "lab-admin"
# dave and the auditors are there to be found missing: they exist and have no access.
PEOPLE = {ADMINISTRATOR: "admin", "alice": "write", "bob": "write", "carol": "read", "dave": "none"}
TEAMS = {"platform": "write", "auditors": "none"}
FIRST_ID = 1000

USER_URLS = [
    "followers",
    "following{/other_user}",
    "gists{/gist_id}",
    "starred{/owner}{/repo}",
    "subscriptions",
    "orgs",
    "repos",
    "events{/privacy}",
    "received_events",
]
URL_NAMES = {"orgs": "organizations"}


def seed(store: Store, organization: str) -> None:
    """Makes the people, and `organization` with its teams, where they are missing."""
    store.write("INSERT OR IGNORE INTO accounts VALUES (?, ?, 'User', 'admin', ?)", FIRST_ID, ADMINISTRATOR, now())
    people = [(login, "User", role) for login, role in PEOPLE.items()]
    for login, kind, role in [*people, (organization, "Organization", "none")]:
        store.write(
            "INSERT OR IGNORE INTO accounts (login, kind, role, created_at) VALUES (?, ?, ?, ?)",
            login,
            kind,
            role,
            now(),
        )
    for slug, permission in TEAMS.items():
        store.write(
            "INSERT OR IGNORE INTO teams (organization, slug, permission, created_at) VALUES (?, ?, ?, ?)",
            organization, slug, permission, now(),
        )  # fmt: skip


def find(store: Store, login: str, kind: str) -> Row:
    """The account `login` of that kind (User, Organization). Raises the 404."""
    found = store.row("SELECT * FROM accounts WHERE login = ? AND kind = ?", login, kind)
    if found is None:
        raise not_found()
    return found


def simple(call: Call, account: Row) -> dict[str, Any]:
    """An account as it appears inside other answers."""
    login, url = account["login"], call.url(f"/users/{account['login']}")
    addresses = {f"{URL_NAMES.get(name.split('{')[0], name.split('{')[0])}_url": f"{url}/{name}" for name in USER_URLS}
    return {
        "login": login,
        "id": account["id"],
        "node_id": node_id("U" if account["kind"] == "User" else "O", account["id"]),
        "avatar_url": f"{call.site}/avatars/u/{account['id']}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{call.site}/{login}",
        **addresses,
        "type": account["kind"],
        "user_view_type": "public",
        "site_admin": False,
    }


def team(call: Call, row: Row) -> dict[str, Any]:
    """A team as it appears inside other answers."""
    url = call.url(f"/organizations/1/team/{row['id']}")
    return {
        "id": row["id"],
        "node_id": node_id("T", row["id"]),
        "name": row["slug"].capitalize(),
        "slug": row["slug"],
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": url,
        "html_url": f"{call.site}/orgs/{row['organization']}/teams/{row['slug']}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": find(call.store, row["organization"], "Organization")["id"],
        "parent": None,
    }


def find_team(call: Call) -> Row:
    """The team the path names. Raises the 404; GitHub shows teams to members only."""
    found = call.store.row(
        "SELECT * FROM teams WHERE organization = ? AND slug = ?", call.path["org"], call.path["team"]
    )
    if found is None or call.actor is None:
        raise not_found()
    return found


def show_user(call: Call) -> Reply:
    """GET /users/{username}."""
    return Reply(200, _profile(call, find(call.store, call.path["user"], "User")))


def show_self(call: Call) -> Reply:
    """GET /user."""
    body = _profile(call, find(call.store, call.require_actor(), "User"))
    private = {
        "user_view_type": "private", "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0,
        "disk_usage": 0, "collaborators": 0, "two_factor_authentication": True,
        "plan": {"name": "free", "space": 976562499, "collaborators": 0, "private_repos": 10000},
    }  # fmt: skip
    return Reply(200, body | private, {"x-oauth-scopes": "admin:org, repo, workflow"})


def show_organization(call: Call) -> Reply:
    """GET /orgs/{org}; the plan is for members only."""
    account = find(call.store, call.path["org"], "Organization")
    url = call.url(f"/orgs/{account['login']}")
    body = {
        **{key: simple(call, account)[key] for key in ("login", "id", "node_id", "avatar_url")},
        **{f"{name}_url": f"{url}/{name}" for name in ("repos", "events", "hooks", "issues")},
        "url": url, "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "description": "", "html_url": f"{call.site}/{account['login']}", "name": account["login"],
        "has_organization_projects": True, "has_repository_projects": True, "is_verified": False,
        "public_repos": 1, "public_gists": 0, "followers": 0, "following": 0, "type": "Organization",
        "created_at": account["created_at"], "updated_at": account["created_at"], "archived_at": None,
    }  # fmt: skip
    if call.actor is not None:
        body["plan"] = {
            "name": call.lab.plan,
            "space": 976562499,
            "private_repos": 999999,
            "filled_seats": 4,
            "seats": 10,
        }
    return Reply(200, body)


def show_team(call: Call) -> Reply:
    """GET /orgs/{org}/teams/{team_slug}."""
    row = find_team(call)
    inside = show_organization(call).body
    inside.pop("plan", None)
    return Reply(200, {
        **team(call, row), "created_at": row["created_at"], "updated_at": row["created_at"],
        "members_count": 3, "repos_count": 1, "organization": inside,
    })  # fmt: skip


def _profile(call: Call, account: Row) -> dict[str, Any]:
    empty = dict.fromkeys(["company", "location", "email", "hireable", "bio", "twitter_username"])
    return {
        **simple(call, account), **empty, "name": account["login"], "blog": "", "public_repos": 0, "public_gists": 0,
        "followers": 0, "following": 0, "created_at": account["created_at"], "updated_at": account["created_at"],
    }  # fmt: skip


ROUTES: Routes = [
    ("GET", "/user", show_self),
    ("GET", "/users/{user}", show_user),
    ("GET", "/orgs/{org}", show_organization),
    ("GET", "/orgs/{org}/teams/{team}", show_team),
]

"""The lab's one web page: its repositories, their files, environments and rulesets."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from lab.github import git, rulesets
from lab.github.call import Lab
from lab.github.store import Row, loads

PLACES = ["Environment", "Rules", "Branches and tags", "Secrets", "Variables"]
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;
border-bottom:1px solid #d1d9e0}code{font-family:ui-monospace,monospace}h3{margin-bottom:.2rem}"""


def render(lab: Lab, site: str) -> str:
    """The page as HTML; a private repository is named and not shown."""
    rows = lab.store.rows("SELECT * FROM repositories ORDER BY owner, name")
    body = "".join(_repository(lab, row, site) for row in rows) or "<p>There is no repository yet.</p>"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>GitHub, the lab's</title><style>{STYLE}</style>"
        f"<h1>GitHub, the lab's</h1><p>Plan {escape(lab.plan)}. REST API at <code>{escape(site)}/api/v3</code>.</p>"
        f"{body}"
    )


def _repository(lab: Lab, row: Row, site: str) -> str:
    name = f"{row['owner']}/{row['name']}"
    title = f"<h2>{escape(name)}</h2>"
    if lab.private:
        return f"{title}<p>Private: ask by API with the token.</p>"
    environments = lab.store.rows("SELECT * FROM environments WHERE repository = ? ORDER BY name", row["id"])
    bodies = rulesets.bodies(lab.store, row["id"])
    places = _table(PLACES, [_environment(lab, one) for one in environments])
    rules = _table(["Name", "Enforcement", "For", "Rules"], [_ruleset(one) for one in bodies])
    return (
        f"{title}<p><code>git clone {escape(site)}/{escape(name)}.git</code></p>"
        f"<h3>Environments</h3>{places}<h3>Rulesets</h3>{rules}"
        f"<h3>Files</h3>{_table(['Path', 'Bytes'], _files(lab, row))}"
    )


def _environment(lab: Lab, row: Row) -> list[str]:
    settings = loads(row["settings"])
    rules = [f"{len(settings['reviewers'])} reviewers"] if settings["reviewers"] else []
    rules += ["no self-review"] if settings["prevent_self_review"] else []
    rules += [f"waits {settings['wait_timer']} min"] if settings["wait_timer"] else []
    rules += [] if settings["can_admins_bypass"] else ["no bypass by administrators"]
    policies = lab.store.rows("SELECT name, kind FROM policies WHERE environment = ? ORDER BY id", row["id"])
    names = {
        table: [one["name"] for one in lab.store.rows(f"SELECT name FROM {table} WHERE environment = ?", row["id"])]  # noqa: S608
        for table in ("secrets", "variables")
    }
    shown = [f"{one['kind']} {one['name']}" for one in policies]
    return [row["name"], *(", ".join(one) or "none" for one in (rules, shown, names["secrets"], names["variables"]))]


def _ruleset(body: dict[str, Any]) -> list[str]:
    names = (body["conditions"] or {}).get("ref_name", {}).get("include", [])
    rules = [
        f"{one['type']} {json.dumps(one['parameters'])}" if one.get("parameters") else one["type"]
        for one in body["rules"]
    ]
    return [body["name"], body["enforcement"], f"{body['target']} {', '.join(names)}", "; ".join(rules)]


def _files(lab: Lab, row: Row) -> list[list[str]]:
    folder = lab.git(row)
    commit = git.head(folder, row["default_branch"])
    return [[one.path, str(one.size)] for one in git.listing(folder, commit, deep=True)] if commit else []


def _table(head: list[str], rows: list[list[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    titles = "".join(f"<th>{escape(one)}</th>" for one in head)
    return f"<table><tr>{titles}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"

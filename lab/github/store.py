"""The lab's state: one SQLite file in one folder, shared safely by the server, the push check and the command line."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = sqlite3.Row

# Every table numbers its rows for good (AUTOINCREMENT): GitHub never gives a deleted thing's id to another.
SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL UNIQUE COLLATE NOCASE,
  kind TEXT NOT NULL, role TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS teams (id INTEGER PRIMARY KEY AUTOINCREMENT, organization TEXT NOT NULL COLLATE NOCASE,
  slug TEXT NOT NULL COLLATE NOCASE, permission TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (organization, slug));
CREATE TABLE IF NOT EXISTS repositories (id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL COLLATE NOCASE,
  name TEXT NOT NULL COLLATE NOCASE, default_branch TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (owner, name));
CREATE TABLE IF NOT EXISTS environments (id INTEGER PRIMARY KEY AUTOINCREMENT,
  repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE, name TEXT NOT NULL COLLATE NOCASE,
  settings TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (repository, name));
CREATE TABLE IF NOT EXISTS policies (id INTEGER PRIMARY KEY AUTOINCREMENT,
  environment INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE, name TEXT NOT NULL, kind TEXT NOT NULL,
  UNIQUE (environment, name, kind));
CREATE TABLE IF NOT EXISTS secrets (environment INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
  name TEXT NOT NULL, sealed TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  PRIMARY KEY (environment, name));
CREATE TABLE IF NOT EXISTS variables (environment INTEGER NOT NULL REFERENCES environments ON DELETE CASCADE,
  name TEXT NOT NULL, value TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
  PRIMARY KEY (environment, name));
CREATE TABLE IF NOT EXISTS rulesets (id INTEGER PRIMARY KEY AUTOINCREMENT,
  repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE, name TEXT NOT NULL, body TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (repository, name));
"""


def now() -> str:
    """The time as GitHub writes it: UTC, whole seconds, a Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """The open database of one state folder; every call is its own transaction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            folder / "state.sqlite3", check_same_thread=False, isolation_level=None, timeout=10
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)

    def rows(self, query: str, *values: object) -> list[Row]:
        """All rows of `query`."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> Row | None:
        """The first row of `query`, or None."""
        found = self.rows(query, *values)
        return found[0] if found else None

    def write(self, statement: str, *values: object) -> int:
        """Runs one statement; hands back the id of the inserted row. Raises sqlite3.IntegrityError on a duplicate."""
        with self._lock:
            return self._connection.execute(statement, values).lastrowid or 0

    def changed(self, statement: str, *values: object) -> int:
        """Runs one statement; hands back how many rows it touched."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def setting(self, key: str, otherwise: str) -> str:
        """The lab's setting `key`, or `otherwise` where it was never set."""
        found = self.row("SELECT value FROM settings WHERE key = ?", key)
        return str(found["value"]) if found else otherwise

    def set(self, key: str, value: str) -> None:
        """Keeps `value` as the lab's setting `key`."""
        self.write(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value
        )

    def close(self) -> None:
        """Closes the database."""
        with self._lock:
            self._connection.close()


def loads(text: str) -> Any:
    """A JSON column's value."""
    return json.loads(text)

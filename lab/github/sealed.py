"""The key that secrets are sealed for, and opening them for the lab's own use.

Source: https://docs.github.com/rest/guides/encrypting-secrets-for-the-rest-api
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox


class NotSealedError(ValueError):
    """What should be a secret sealed for the lab's key is not."""


@dataclass(frozen=True)
class Key:
    """A libsodium key pair; the private half never leaves this object and its file."""

    _private: PrivateKey

    @property
    def public(self) -> str:
        """The public half in base64, as the API gives it out."""
        return base64.b64encode(bytes(self._private.public_key)).decode()

    @property
    def number(self) -> str:
        """The key's id: digits that change with the key."""
        return str(int.from_bytes(hashlib.sha256(bytes(self._private.public_key)).digest()[:8], "big"))

    def open(self, sealed: str) -> bytes:
        """The clear value of a sealed box in base64. Raises NotSealedError, without the value."""
        try:
            return SealedBox(self._private).decrypt(base64.b64decode(sealed, validate=True))
        except (binascii.Error, CryptoError, ValueError):
            raise NotSealedError("not a sealed box for this key") from None


def read_key(path: Path) -> Key:
    """The key kept in `path`, made there on first use, readable by its owner only."""
    if not path.exists():
        write_private(path, bytes(PrivateKey.generate()))
    return Key(PrivateKey(path.read_bytes()))


def write_private(path: Path, content: bytes) -> None:
    """Writes a new file that only its owner can read. Raises FileExistsError where it is there already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)

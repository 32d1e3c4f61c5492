"""Passwords as hashes that are slow to guess: scrypt, as RFC 7914 has it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from base64 import b64decode, b64encode

from connector.errors import BadPayload

# 16 MB and about 0.2 s each: what OWASP's password storage sheet gives for N = 2^14.
COST, BLOCK, LANES = 2**14, 8, 5
MEMORY = 64 * 1024 * 1024  # what OpenSSL may take; COST * BLOCK * 128 and a little more
SALT_BYTES = 16
SHORTEST = 12
LONGEST = 200
TOGETHER = threading.BoundedSemaphore(2)  # each takes 16 MB: many at once must not fill the web process


def require_fit(password: str) -> None:
    """BadPayload for a password that is too short to hold, or too long to be one."""
    if not SHORTEST <= len(password) <= LONGEST:
        msg = f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}"
        raise BadPayload(msg)


def hashed(password: str) -> str:
    """`scrypt$N$r$p$salt$hash`; BadPayload where the password is not fit."""
    require_fit(password)
    salt = secrets.token_bytes(SALT_BYTES)
    derived = _derived(password, salt, COST, BLOCK, LANES)
    return f"scrypt${COST}${BLOCK}${LANES}${b64encode(salt).decode()}${b64encode(derived).decode()}"


def is_right(password: str, stored: str | None) -> bool:
    """Whether it is the password; as slow where there is no user, so that time does not tell."""
    _, cost, block, lanes, salt, expected = (stored or _NOBODY).split("$")
    derived = _derived(password[:LONGEST], b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(derived, b64decode(expected)) and stored is not None


def _derived(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    with TOGETHER:
        return hashlib.scrypt(secret, salt=salt, n=cost, r=block, p=lanes, maxmem=MEMORY, dklen=32)


_NOBODY = (
    f"scrypt${COST}${BLOCK}${LANES}${b64encode(bytes(SALT_BYTES)).decode()}${b64encode(bytes(32)).decode()}"
)

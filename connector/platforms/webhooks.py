"""What our webhooks have in common at several platforms: the address, and the secret that proves them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

from connector.errors import Unauthorised

SECRET_HEADER = "X-Secondlook-Secret"  # noqa: S105 - the header's name, where deliveries are not signed


def same_receiver(url: str, other: str) -> bool:
    """Whether both addresses are ours for one project and role, perhaps with another secret at the end."""
    first, second = (each.partition("?")[0].rstrip("/").rpartition("/")[0] for each in (url, other))
    return first == second


def verify_secret(headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Raise Unauthorised unless the header holds one of `secrets`."""
    given = next((v for k, v in headers.items() if k.lower() == SECRET_HEADER.lower()), "")
    offered = given.encode("utf-8", "surrogatepass")
    # All are compared, each in constant time, so that the time says nothing.
    matches = [hmac.compare_digest(offered, secret.encode()) for secret in secrets if secret]
    if not any(matches):
        raise Unauthorised("the delivery does not carry our secret")

"""An OpenID Connect issuer: the code flow with PKCE (RFC 7636), and tokens that are believed once checked."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from connector.errors import Misconfigured, Retryable, Unauthorised

SECONDS = 10.0
KEPT_SECONDS = 3600.0  # for which what the issuer says of itself is remembered
LEEWAY_SECONDS = 60  # by which its clock may differ from ours
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
FIELD = "sign_in.oidc.url"


@dataclass(frozen=True, slots=True)
class IssuerClient:
    """Which issuer, and as whom we are known to it."""

    url: str
    client_id: str
    client_secret: str | None = None


class Issuer:
    """Speaks with one issuer. What it says of itself, and its keys, are asked for again after an hour."""

    def __init__(self, client: IssuerClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._known: tuple[float, Mapping[str, Any], Any] | None = None

    def way_there(self, back: str, scopes: str, state: str, nonce: str, challenge: str) -> str:
        """The address at which a person says who they are; it leads back with `state` and a code."""
        document, _ = self._discovered()
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": back,
            "scope": scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        where = document["authorization_endpoint"]
        return f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(query)}"

    def way_out(self, back: str) -> str | None:
        """The address at which a person signs out of the issuer too; None where it has none.

        OpenID Connect RP-Initiated Logout 1.0, section 2, without a hint: the issuer asks the person.
        """
        document, _ = self._discovered()
        where = document.get("end_session_endpoint")
        if not isinstance(where, str) or urlsplit(where).scheme != urlsplit(self._client.url).scheme:
            return None
        query = {"client_id": self._client.client_id, "post_logout_redirect_uri": back}
        return f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(query)}"

    def claims(self, code: str, verifier: str, nonce: str, back: str) -> Mapping[str, Any]:
        """What the issuer says of the person, for a code that it gave.

        Raises
        ------
        Unauthorised
            The code is refused, or the token is not signed by the issuer, for us, now, and for this sign-in.
        Retryable
            The issuer does not answer.
        """
        document, _ = self._discovered()
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
        sent |= {"client_id": self._client.client_id, "code_verifier": verifier}
        secret = self._client.client_secret
        answer = self._ask(
            "POST", document["token_endpoint"], sent if secret is None else {**sent, "client_secret": secret}
        )
        token = answer.get("id_token")
        if not isinstance(token, str):
            msg = "the issuer did not accept the sign-in"
            raise Unauthorised(msg)
        return self._checked(token, nonce)

    def _checked(self, token: str, nonce: str) -> Mapping[str, Any]:
        import jwt

        document, keys = self._discovered()
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not any(kid in (None, key.key_id) for key in keys.keys):  # its keys were changed
                document, keys = self._discovered(anew=True)
            key = next(key for key in keys.keys if kid in (None, key.key_id))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[*ALGORITHMS],
                audience=self._client.client_id,
                issuer=document["issuer"],
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, StopIteration, ValueError) as error:
            msg = f"the issuer's token is not valid ({type(error).__name__})"
            raise Unauthorised(msg) from None
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            msg = "the issuer's token is of another sign-in"
            raise Unauthorised(msg)
        if claims.get("azp", self._client.client_id) != self._client.client_id:
            msg = "the issuer's token is for another client"
            raise Unauthorised(msg)
        return claims

    def _discovered(self, *, anew: bool = False) -> tuple[Mapping[str, Any], Any]:
        with self._lock:
            known = self._known
            if known is None or anew or time.monotonic() - known[0] > KEPT_SECONDS:
                document = self._ask("GET", f"{self._client.url}/.well-known/openid-configuration")
                known = self._known = time.monotonic(), document, self._keys(document)
            return known[1], known[2]

    def _keys(self, document: Mapping[str, Any]) -> Any:
        import jwt

        if not jwt.algorithms.has_crypto:
            raise Misconfigured("what checks signatures is not installed", field=FIELD, remedy=EXTRA)
        names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        texts = [document.get(name) for name in names]
        same = isinstance(texts[0], str) and texts[0].rstrip("/") == self._client.url
        secure = all(
            isinstance(text, str) and urlsplit(text).scheme == urlsplit(self._client.url).scheme
            for text in texts
        )
        if not (same and secure):
            raise Misconfigured(
                f"its discovery document is of {texts[0]!r}, or lacks an address",
                field=FIELD,
                remedy="Give the address that the issuer names as its own.",
            )
        try:
            return jwt.PyJWKSet.from_dict(dict(self._ask("GET", document["jwks_uri"])))
        except jwt.PyJWTError as error:
            raise Misconfigured(
                f"its keys cannot be read ({error})", field=FIELD, remedy="Ask its operator."
            ) from error

    def _ask(self, method: str, url: str, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        try:
            with httpx.Client(timeout=SECONDS) as client:
                answer = client.request(method, url, data=form, headers={"Accept": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            msg = f"the issuer {urlsplit(url).hostname} does not answer ({type(error).__name__})"
            raise Retryable(msg) from None  # the cause can hold what was sent
        if answer.status_code >= 500:
            raise Retryable(f"the issuer answers with HTTP {answer.status_code}")
        try:
            result = answer.json()
        except ValueError:
            result = None
        if form is None and not (answer.is_success and isinstance(result, dict)):
            raise Misconfigured(
                f"{url} answers with HTTP {answer.status_code} and no JSON object",
                field=FIELD,
                remedy="Give the address under which .well-known/openid-configuration is found.",
            )
        return result if isinstance(result, dict) and answer.is_success else {}


EXTRA = "Install the extra: secondlook[oidc]."

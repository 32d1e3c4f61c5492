"""An OpenID Connect issuer, small and real: discovery, keys, codes with PKCE, tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class TestIssuer:
    """`claims` are put into the next tokens over the usual ones; None takes one away."""

    __test__ = False

    client_id: str = "secondlook"
    client_secret: str = "s" * 32
    claims: dict[str, Any] = field(default_factory=dict)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    signs_with: Any = None  # another key than the one that is published
    kid: str = "first"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: int = 0
    ends_sessions: bool = True
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def agree(self, location: str) -> str:
        """The person says yes: the query that leads back, from the address that led here."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"code={code}&state={query['state']}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        right = (
            asked is not None
            and challenge.rstrip(b"=").decode() == asked["code_challenge"]
            and (form["client_id"], form.get("client_secret")) == (self.client_id, self.client_secret)
            and form["redirect_uri"] == asked["redirect_uri"]
        )
        if asked is None or not right:
            return {}
        now = int(time.time())
        usual = {"iss": self.url, "aud": self.client_id, "sub": "17", "iat": now, "exp": now + 60}
        usual |= {"nonce": asked["nonce"], "preferred_username": "ann", "groups": ["leads"]}
        claims = {name: value for name, value in (usual | self.claims).items() if value is not None}
        self.tokens += 1
        signed = jwt.encode(claims, self.signs_with or self.key, "ES256", headers={"kid": self.kid})
        return {"id_token": signed, "access_token": "x", "token_type": "Bearer"}

    def keys(self) -> dict[str, Any]:
        jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**jwk, "kid": self.kid, "use": "sig", "alg": "ES256"}]}

    def document(self) -> dict[str, str]:
        parts = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
        if self.ends_sessions:
            parts["end_session_endpoint"] = "/out"
        return {"issuer": self.url} | {name: self.url + path for name, path in parts.items()}


@contextmanager
def running_issuer() -> Iterator[TestIssuer]:
    state = TestIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {"/keys": state.keys, "/.well-known/openid-configuration": state.document}.get(self.path)
            self._answer(200 if found else 404, found() if found else {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            made = state.token({name: values[0] for name, values in parse_qs(body).items()})
            self._answer(200 if made else 400, made or {"error": "invalid_grant"})

        def _answer(self, status: int, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()

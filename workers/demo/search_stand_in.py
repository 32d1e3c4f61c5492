"""What Argilla asks of Elasticsearch, answered from memory: `python search_stand_in.py PORT`.

So that demo and tests need no search engine, while server, database, queue and worker stay real. It
keeps documents, and filters, sorts and counts them. It does not search text or vectors and has no
mappings, shards, refresh delay or disk: nothing about those is shown by what runs on it.
PUT and DELETE of /_failing make it fail and recover.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

_VERSION = {"number": "8.17.0", "build_flavor": "default"}
_MOST = 10_000


class Refusal(Exception):
    """An error as Elasticsearch words it."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.body = {"error": {"type": kind, "reason": reason}, "status": status}


def values_at(document: Any, path: str) -> Iterator[Any]:
    """All values under a dotted path; lists count as their entries, dots in keys as part of the path."""
    if isinstance(document, list):
        for entry in document:
            yield from values_at(entry, path)
    elif not path:
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            if path == key or path.startswith(f"{key}."):
                yield from values_at(value, path[len(key) + 1 :])


def _as_list(clauses: Any) -> list[Json]:
    return clauses if isinstance(clauses, list) else [clauses]


def matches(query: Json, doc: Json, doc_id: str) -> bool:
    """Whether a document is what the query asks for."""
    ((kind, body),) = query.items()
    if kind == "match_all":
        return True
    if kind == "function_score":
        return matches(body["query"], doc, doc_id)  # the order for each user is not worked out
    if kind == "bool":
        return _bool_matches(body, doc, doc_id)
    if kind == "nested":
        path = body["path"]
        parts = _as_list(doc.get(path) or [])
        return any(matches(body["query"], {path: part}, doc_id) for part in parts)
    if kind == "exists":
        return any(True for _ in values_at(doc, body["field"]))
    if kind == "ids":
        return doc_id in body["values"]
    if kind in ("term", "terms"):
        ((field, wanted),) = body.items()
        wanted = wanted.get("value") if isinstance(wanted, dict) else wanted
        texts = {str(value) for value in (wanted if isinstance(wanted, list) else [wanted])}
        return any(str(value) in texts for value in values_at(doc, field))
    if kind == "range":
        ((field, ends),) = body.items()
        low, high = ends.get("gte"), ends.get("lte")
        values = values_at(doc, field)
        return any((low is None or value >= low) and (high is None or value <= high) for value in values)
    raise Refusal(400, "parsing_exception", f"the stand-in does not know the query [{kind}]")


def _bool_matches(body: Json, doc: Json, doc_id: str) -> bool:
    needed = _as_list(body.get("must", [])) + _as_list(body.get("filter", []))
    if not all(matches(clause, doc, doc_id) for clause in needed):
        return False
    if any(matches(clause, doc, doc_id) for clause in _as_list(body.get("must_not", []))):
        return False
    either = _as_list(body.get("should", []))
    least = int(body.get("minimum_should_match", 0 if needed or not either else 1))
    return sum(matches(clause, doc, doc_id) for clause in either) >= least


class Engine:
    """All indices. One lock: the server behind a test asks little."""

    def __init__(self) -> None:
        self._indices: dict[str, dict[str, Json]] = {}
        self._lock = threading.Lock()
        self._failing = False

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Json]:
        parts = [part for part in path.split("/") if part]
        with self._lock:
            if parts == ["_failing"]:
                self._failing = method == "PUT"
                return 200, {}
            if self._failing:
                raise Refusal(500, "internal", "failing as a test wants it")
            if not parts:
                return 200, {"name": "stand-in", "cluster_uuid": "stand-in", "version": _VERSION}
            if parts[-1] == "_bulk":
                return 200, self._bulk(body)
            if len(parts) == 1:
                return self._index(method, parts[0])
            given = json.loads(body) if body else {}
            if parts[1] == "_search":
                return 200, self._search(self._named(parts[0]), given)
            if parts[1] == "_update":
                return 200, self._update(self._named(parts[0]), parts[2], given)
            return 200, {"acknowledged": True}  # mappings and refreshes

    def _named(self, name: str) -> dict[str, Json]:
        if name not in self._indices:
            raise Refusal(404, "index_not_found_exception", f"no such index [{name}]")
        return self._indices[name]

    def _index(self, method: str, name: str) -> tuple[int, Json]:
        if method == "HEAD":
            return (200 if name in self._indices else 404), {}
        if method == "DELETE":
            self._indices.pop(name, None)
        else:
            self._indices.setdefault(name, {})
        return 200, {"acknowledged": True, "index": name}

    def _bulk(self, body: bytes) -> Json:
        lines = iter(json.loads(line) for line in body.splitlines() if line.strip())
        items = []
        for line in lines:
            ((action, target),) = line.items()
            index = self._indices.setdefault(target["_index"], {})
            if action == "delete":
                known = index.pop(target["_id"], None) is not None
                status = 200 if known else 404
            else:
                index[target["_id"]] = next(lines)
                status = 201
            items.append({action: {"_index": target["_index"], "_id": target["_id"], "status": status}})
        return {"errors": False, "items": items}

    def _update(self, index: dict[str, Json], doc_id: str, given: Json) -> Json:
        if doc_id not in index:
            raise Refusal(404, "document_missing_exception", f"[{doc_id}]: document missing")
        doc = index[doc_id]
        if "doc" in given:
            _merge(doc, given["doc"])
        else:
            _run_script(doc, given["script"])
        return {"_id": doc_id, "result": "updated"}

    def _search(self, index: dict[str, Json], given: Json) -> Json:
        query = given.get("query") or {"match_all": {}}
        result = [(doc_id, doc) for doc_id, doc in index.items() if matches(query, doc, doc_id)]
        for order in reversed(given.get("sort") or []):
            ((field, how),) = order.items()
            backwards = (how if isinstance(how, str) else how.get("order")) == "desc"
            result.sort(key=lambda pair, f=field: str(next(values_at(pair[1], f), "")), reverse=backwards)
        start = given.get("from") or 0
        page = result[start : start + (10 if given.get("size") is None else given["size"])]
        hits = [{"_id": doc_id, "_score": 1.0} for doc_id, _ in page]
        counted = {
            name: _aggregated(how, [doc for _, doc in result])
            for name, how in (given.get("aggregations") or {}).items()
        }
        total = {"value": len(result), "relation": "eq"}
        return {"hits": {"total": total, "hits": hits}, "aggregations": counted}


def _merge(old: Json, new: Json) -> None:
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            _merge(old[key], value)
        else:
            old[key] = value


def _run_script(doc: Json, script: Any) -> None:
    """The three scripts of Argilla: put a response, take one away, take a suggestion away."""
    if isinstance(script, str):
        doc.get("suggestions", {}).pop(script.split('"')[-2], None)
        return
    response = script["params"]["response"]
    others = [kept for kept in doc.get("responses") or [] if kept["id"] != response["id"]]
    doc["responses"] = [*others, response] if ".add(" in script["source"] else others


def _aggregated(how: Json, docs: list[Json]) -> Json:
    ((kind, setting),) = how.items()
    result = [value for doc in docs for value in values_at(doc, setting["field"])]
    if kind == "terms":
        most = Counter(result).most_common(setting.get("size", _MOST))
        return {"buckets": [{"key": key, "doc_count": n} for key, n in most]}
    if kind == "value_count":
        return {"value": len(result)}
    return {"count": len(result), "min": min(result, default=None), "max": max(result, default=None)}


class Handler(BaseHTTPRequestHandler):
    """Speaks as Elasticsearch does, so that its client is content."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    disable_nagle_algorithm = True
    engine = Engine()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, answer = self.engine.answer(self.command, urlsplit(self.path).path, body)
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body
        content = b"" if self.command == "HEAD" else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True


def main(port: int) -> None:
    Server(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""The pages at 1,000,000 items and 100,000 issues, as one operator opens them, one after the other."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

import httpx
from lines import Line, percentile
from prepared import vacuumed
from scene import Scene
from sqlalchemy import Engine, text
from webhook_intake import NO_SERVER, running_process

from connector.config.file import load
from connector.config.keyring import Keyring
from connector.store.views.metrics import watched_metrics
from connector.store.views.people import ReviewAccounts, keep_members
from connector.wiring import Services
from tests.support.postgres import PostgresServer
from workers.demo.service import PROJECT

ITEMS, QUICK_ITEMS = 1_000_000, 50_000
ISSUES_EVERY = 10  # one issue for so many items
READS, QUICK_READS = 30, 5
KIB_PER_MB = 1024
P = f"/p/{PROJECT}"
# What is opened, and the most milliseconds that its p95 may take.
PAGES: Mapping[str, tuple[str, int]] = {
    "health": ("/health", 50),  # nothing is read: what the machine takes for any answer
    "home": ("/", 300),
    "project": (P, 300),
    "queue": (f"{P}/queue", 200),
    "queue by state": (f"{P}/queue?state=accepted", 200),
    "queue by given": (f"{P}/queue?state=any&given=class7", 200),
    "queue by pair": (f"{P}/queue?state=any&given=class7&suggested=class0", 200),
    "queue by annotator": (f"{P}/queue?state=any&annotator=a7", 200),
    "queue by kind": (f"{P}/queue?state=any&kind=control", 200),
    "queue by age": (f"{P}/queue?state=any&older=3", 200),
    "queue by reason": (f"{P}/queue?state=unresolved&why=torn", 200),
    "queue by item": (f"{P}/queue?state=any&item=5000", 200),
    "queue, no match": (f"{P}/queue?state=any&given=none", 200),
    "item": (f"{P}/items/5000", 150),
    "pairs": (f"{P}/pairs", 300),
    "annotators": (f"{P}/annotators", 300),
    "reviewers": (f"{P}/reviewers", 300),
    "spot checks": (f"{P}/spot-checks", 300),
    "spot checks of one": (f"{P}/spot-checks?annotator=a7", 300),
    "quality": (f"{P}/quality", 300),
    "findings": (f"{P}/findings", 200),
    "dispositions": (f"{P}/dispositions", 200),
    "map": (f"{P}/map", 300),
    "corrections": (f"{P}/corrections", 200),
    "audit log": ("/ops/audit", 200),
    "jobs": ("/ops/jobs", 200),
    "state of the service": ("/ops/health", 300),
    "metrics": ("/metrics", 500),
}


def measure(scene: Scene) -> Iterator[Line]:
    yield from _measured(scene, "sqlite", {})
    with PostgresServer() as postgres, postgres.fresh_database() as url:
        yield from _measured(scene, "postgresql", {"url": url})


def _measured(scene: Scene, where: str, database: Mapping[str, str]) -> Iterator[Line]:
    config = scene.config(url=NO_SERVER)
    if database:
        config.write_text(config.read_text() + f'[database]\nurl = "{database["url"]}"\n')
    n = QUICK_ITEMS if scene.quick else ITEMS
    started = time.monotonic()
    fill(scene.services(config), n)
    scene.say(f"   {where}: {n:,} items stored in {time.monotonic() - started:.0f} s")
    yield from opened(scene, where, config)


def opened(scene: Scene, where: str, config: Path) -> Iterator[Line]:
    """Every page over a database that is filled."""
    bench, settings = f"pages {where}", load(config)
    yield _look_line(scene, bench, config)
    token = Keyring(settings).api_token.get_secret_value()
    command = [sys.executable, "-m", "workers.cli", "--config", str(config), "web"]
    with running_process(command, settings.server.port, config.with_name("web.log")) as process:
        headers = {"Authorization": f"Bearer {token}"}
        base = f"http://127.0.0.1:{settings.server.port}"
        with httpx.Client(base_url=base, headers=headers, timeout=120) as client:
            for name, (path, most) in PAGES.items():
                yield _line(scene, client, bench, name, path, most)
            home = client.get("/")
            loaded = [client.get(address) for address in _loaded_by(home.text)]
        memory = _rss(process.pid)
        sent = sum(len(answer.content) for answer in (home, *loaded))
        yield {"bench": bench, "page": "first page", "bytes": sent, "target": 60_000}
        yield {"bench": bench, "page": "memory", "mb": memory, "target": 250}


def _look_line(scene: Scene, bench: str, config: Path) -> Line:
    """What each look for alerts reads, which a tick waits for once a minute."""
    services = scene.services(config)
    seen = []
    for _ in range(QUICK_READS if scene.quick else READS):
        with services.store.read() as unit:
            started = time.monotonic()
            watched_metrics(unit)
            seen.append((time.monotonic() - started) * 1000)
    p95 = percentile(seen, 0.95)
    figures = {"unit": "ms", "p50": round(median(seen), 1), "p95": round(p95, 1)}
    return {"bench": bench, "page": "look for alerts", **figures, "target": 100, "held": p95 <= 100}


def _line(scene: Scene, client: httpx.Client, bench: str, name: str, path: str, most: int) -> Line:
    if name != "metrics":
        client.get(path)  # templates and statements are compiled once in the life of the process
    seen = []
    for _ in range(QUICK_READS if scene.quick else READS):
        started = time.monotonic()
        answer = client.get(path)
        seen.append((time.monotonic() - started) * 1000)
        answer.raise_for_status()
    if name == "metrics":
        seen = seen[:1]  # what follows within 15 seconds is the same text
    p95 = percentile(seen, 0.95)
    return {
        "bench": bench,
        "page": name,
        "unit": "ms",
        "p50": round(median(seen), 1),
        "p95": round(p95, 1),
        "target": most,
        "held": p95 <= most,
    }


def _loaded_by(page: str) -> list[str]:
    return re.findall(r'"(/static/[^"]+)"', page)


def _rss(pid: int) -> float:
    """Resident megabytes of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / KIB_PER_MB, 1)


def fill(services: Services, n: int) -> None:
    """A project as it is after months: made by the database itself, so that it is there within minutes."""
    bound = services.project(PROJECT)
    project = bound.id
    engine: Engine = services.store._engine  # noqa: SLF001 - no step of the service stores a million rows
    postgres = engine.dialect.name == "postgresql"
    numbers = (
        f"SELECT n FROM generate_series(1, {n}) AS numbers(n)"
        if postgres
        else f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {n}) "
        "SELECT n FROM numbers"
    )
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE bench_numbers (n INTEGER PRIMARY KEY)"))
        connection.execute(text(f"INSERT INTO bench_numbers {numbers}"))
        for statement in _statements(project, postgres=postgres):
            connection.execute(text(statement))
        connection.execute(text("DROP TABLE bench_numbers"))
    with services.store.begin() as unit:
        everybody = ReviewAccounts(tuple(f"r{n}" for n in range(30)), "platform")
        keep_members(unit, bound, everybody)
    vacuumed(services)


def _statements(project: int, *, postgres: bool) -> Iterator[str]:
    def json(sql: str) -> str:
        return f"CAST({sql} AS JSON)" if postgres else sql

    # Over the last 90 days, so that what is asked of the last seven finds a thirteenth of it.
    days = "(n / 10) % 90"
    at = (
        f"now() - make_interval(days => CAST({days} AS INTEGER))"
        if postgres
        else f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || ({days}) || ' days')"
    )
    empty, none = json("'{}'"), json("'[]'")
    no, yes = ("false", "true") if postgres else ("0", "1")
    flagged = f"FROM bench_numbers WHERE n % {ISSUES_EVERY} = 0"
    state = (
        "CASE (n / 10) % 20 WHEN 0 THEN 'in_review' WHEN 1 THEN 'in_review' WHEN 2 THEN 'open' "
        "WHEN 18 THEN 'unresolved' WHEN 19 THEN 'suppressed' WHEN 3 THEN 'rejected' WHEN 4 THEN 'rejected' "
        "WHEN 5 THEN 'rejected' WHEN 6 THEN 'rejected' WHEN 7 THEN 'rejected' ELSE 'accepted' END"
    )
    # Nearly every pair of 50 classes is there.
    pair = "'class' || (n / 10 % 50), 'class' || ((n / 10 * 7 + 1 + n / 500 % 49) % 50)"
    yield (
        "INSERT INTO items (id, project_id, remote_id, remote_created_at, remote_updated_at, data) SELECT "
        f"n, {project}, CAST(n AS TEXT), {at}, {at}, "
        + json("'{\"text\": \"a parcel that never came, number ' || n || '\"}'")
        + " FROM bench_numbers"
    )
    yield (
        "INSERT INTO annotations (id, item_id, remote_id, annotator, label, status, result, created_at, "
        "updated_at, ground_truth, label_version) SELECT n, n, CAST(n AS TEXT), 'a' || (n % 200), "
        f"'class' || (n % 50), 'valid', {none}, {at}, {at}, {no}, 1 FROM bench_numbers"
    )
    yield (
        "INSERT INTO issues (id, project_id, item_id, annotation_id, label_version, label_updated_at, kind, "
        "state, given, suggested, quality, probability, rank, method, model_version, scan_id, evidence, "
        "created_at, updated_at, control, place, annotator, reason) "
        f"SELECT 'issue-' || n, {project}, n, n, 1, {at}, "
        f"CASE WHEN n % 1000 = 0 THEN 'control' ELSE 'label_error' END, {state}, {pair}, "
        f"0.1, 0.9, n, 'prune_by_noise_rate', 'm1', 'scan', {empty}, {at}, {at}, '', '', "
        f"'a' || (n / 10 % 200), CASE WHEN n % 3 = 0 THEN 'torn' ELSE 'overdue' END {flagged}"
    )
    asked = f"{flagged} AND (n / 10) % 20 NOT IN (2, 19)"
    yield (
        "INSERT INTO review_tasks (key, issue_id, project_id, state, remote_id, blind, overlap, "
        "overlap_pushed, request, undecided_change, created_at, pushed_at) "
        f"SELECT 'task-' || n, 'issue-' || n, {project}, "
        f"CASE WHEN (n / 10) % 20 < 2 THEN 'pushed' ELSE 'decided' END, CAST(n AS TEXT), {no}, 2, 2, "
        f"{empty}, {no}, {at}, {at} {asked}"
    )
    for voter in (1, 2):
        yield (
            "INSERT INTO votes (review_key, remote_id, reviewer, label, problems, created_at, updated_at, "
            f"blind, counted, withdrawn) SELECT 'task-' || n, n || '-{voter}', "
            f"'r' || ((n / 10 + {voter}) % 30), 'class' || (n / 10 % 50), "
            f"{none}, {at}, {at}, {no}, {yes}, {no} "
            f"{flagged} AND (n / 10) % 20 BETWEEN 3 AND 18"
        )
    yield (
        "INSERT INTO decisions (id, issue_id, outcome, label, reason, votes, decided_at) "
        "SELECT 'decision-' || n, 'issue-' || n, "
        "CASE WHEN (n / 10) % 20 < 8 THEN 'reject' ELSE 'accept' END, "
        f"'class' || (n / 10 % 50), 'x', {none}, {at} {flagged} AND (n / 10) % 20 BETWEEN 3 AND 18"
    )
    yield (
        "INSERT INTO corrections (id, project_id, issue_id, decision_id, run_id, item_id, annotation_id, "
        "mode, state, given, label, actor, evidence, created_at, applied_at) "
        f"SELECT 'correction-' || n, {project}, 'issue-' || n, 'decision-' || n, 'run', n, n, "
        f"'ground_truth', 'applied', {pair}, 'secondlook', {empty}, {at}, {at} "
        f"{flagged} AND (n / 10) % 20 BETWEEN 8 AND 17"
    )

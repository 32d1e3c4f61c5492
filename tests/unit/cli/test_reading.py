"""Commands that show what is stored, to people and to programs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from connector.wiring import Services
from tests.unit.cli.conftest import Secondlook
from tests.unit.web.seeding import HOSTILE, kill_job, seed, seed_findings, set_aside


def test_status_shows_the_link_and_what_stands_where(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=2)
    kill_job(configured)
    text = secondlook("status").out
    for words in (
        "4 (4 labelled)",
        "1 accepted, 1 open",
        "2 (1 counted)",
        "1 applied",
        "http://labels.example.org/projects/8/data?labeling=1",
        "secondlook jobs list",
    ):
        assert words in text
    shown = secondlook("status", "cats", "--json").json
    assert shown["projects"][0]["issues"] == {"accepted": 1, "open": 1}
    assert shown["service"]["database"] == "ok"


def test_status_names_projects_that_were_never_synced(secondlook: Secondlook, configured: Services) -> None:
    assert "not synced yet" in secondlook("status").out
    assert secondlook("status", "--json").json["not_synced"] == ["cats"]


def test_issues_are_listed_in_pages(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=3)
    first = secondlook("issues", "cats", "--limit", "2", "--json").json
    rest = secondlook("issues", "cats", "--limit", "2", "--after", first["next"], "--json").json
    assert [each["id"] for each in first["issues"] + rest["issues"]] == [
        "issue-000",
        "issue-001",
        "issue-002",
    ]
    assert rest["next"] is None
    assert (
        secondlook("issues", "cats", "--state", "accepted", "--json").json["issues"][0]["id"] == "issue-000"
    )
    assert secondlook("issues", "cats", "--after", "odd").code == 2


def test_issues_show_the_item_and_controls_stand_apart(secondlook: Secondlook, configured: Services) -> None:
    seed(configured, issues=3)
    with closing(sqlite3.connect(configured.settings.data_dir / "secondlook.db")) as connection:
        connection.execute("UPDATE issues SET kind = 'control' WHERE id = 'issue-000'")
        connection.execute("""UPDATE items SET data = '{"n": 1, "text": "a cat upon a mat"}'""")
        connection.commit()
    flags, _, controls = secondlook("issues", "cats").out.partition("Controls, ")
    assert "a cat upon a mat" in flags
    assert ("issue-000" in flags, "issue-000" in controls) == (False, True)
    assert {each["content"] for each in secondlook("issues", "cats", "--json").json["issues"]} == {
        "a cat upon a mat"
    }


def test_issues_and_findings_link_to_the_task(
    secondlook: Secondlook, configured: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_findings(configured)
    listed = secondlook("issues", "cats", "--json").json["issues"]
    page = "http://labels.example.org/projects/7/data?task="
    assert [each["link"] for each in listed] == [f"{page}{each['item']}" for each in listed]
    found = secondlook("findings", "cats", "--json").json["findings"]
    about = [each for each in found if each["item"] is not None]
    assert about
    assert all(each["link"] == f"{page}{each['item']}" and each["content"] for each in about)
    assert all(each["link"] is None and each["content"] is None for each in found if each["item"] is None)
    for command in ("issues", "findings"):
        assert page in secondlook(command, "cats").out
        text = at_width(60, monkeypatch, secondlook, command).splitlines()
        assert any(line.strip().startswith(page) for line in text)
        assert all(cell_len(line) <= 60 for line in text if line.startswith("    ") and page not in line)


def at_width(width: int, monkeypatch: pytest.MonkeyPatch, secondlook: Secondlook, command: str) -> str:
    with monkeypatch.context() as narrow:
        for module in (command, "output"):
            narrow.setattr(f"workers.cli.{module}.stdout", lambda: Console(width=width))
        return secondlook(command, "cats").out


@pytest.mark.parametrize("width", [60, 120])
@pytest.mark.parametrize(
    "text", ["您好，我想问一下我的订单什么时候可以发货" * 5, "😀 cat " * 40, "<b>a cat</b> " * 30]
)
def test_content_reason_and_link_have_a_line_each_whatever_the_letters(
    secondlook: Secondlook, configured: Services, monkeypatch: pytest.MonkeyPatch, width: int, text: str
) -> None:
    seed(configured, issues=3)
    with closing(sqlite3.connect(configured.settings.data_dir / "secondlook.db")) as connection:
        connection.execute("UPDATE items SET data = ?", (json.dumps({"text": text}),))
        connection.commit()
    lines = at_width(width, monkeypatch, secondlook, "issues").splitlines()
    content, why, link = lines[1:4]
    assert content.strip().rstrip("…") in text
    assert cell_len(content) <= width
    assert "the model is 1% sure of lynx" in why
    assert link.strip().startswith("http://labels.example.org/projects/7/data?task=")


def test_before_a_decision_the_models_doubt_is_the_reason(
    secondlook: Secondlook, configured: Services
) -> None:
    seed(configured, issues=3)
    assert "the model is" in secondlook("issues", "cats", "--state", "open").out
    listed = secondlook("issues", "cats", "--state", "open", "--json").json["issues"]
    assert {each["why"] for each in listed} == {"the model is 1% sure of lynx"}


def test_items_that_no_single_label_answers_are_listed(secondlook: Secondlook, configured: Services) -> None:
    set_aside(configured)
    text = secondlook("dispositions", "cats", "--kind", "multi_label").out
    assert "ambiguous" in text
    assert "guideline_question" not in text
    assert len(secondlook("dispositions", "cats", "--json").json["dispositions"]) == 2
    assert "1 multi label" in secondlook("status").out
    assert secondlook("dispositions", "cats", "--kind", "odd").code == 2


def test_a_label_cannot_format_the_page(secondlook: Secondlook, configured: Services) -> None:
    seed(configured)
    with closing(sqlite3.connect(configured.settings.data_dir / "secondlook.db")) as connection:
        connection.execute("UPDATE issues SET given = '[bold red]x[/]'")
        connection.commit()
    text = secondlook("issues", "cats").out
    assert "[bold red]x[/]" in text
    assert HOSTILE in text


def test_a_job_that_was_given_up_is_replayed(secondlook: Secondlook, configured: Services) -> None:
    job_id = kill_job(configured, "the platform refused")
    assert "the platform refused" in secondlook("jobs", "list").out
    assert secondlook("jobs", "list", "--json").json["jobs"][0]["id"] == job_id
    assert secondlook("jobs", "replay", job_id).code == 0
    assert secondlook("jobs", "list", "--json").json["jobs"] == []
    again = secondlook("jobs", "replay", job_id)
    assert again.code == 1
    assert "that was given up" in again.err
    assert secondlook("jobs", "replay").code == 2


def test_all_that_was_given_up_is_replayed_at_once(secondlook: Secondlook, configured: Services) -> None:
    job_id = kill_job(configured)
    assert secondlook("jobs", "replay", "--all", "--json").json == {"replayed": [job_id]}


def test_the_audit_log_is_exported_and_verified(
    secondlook: Secondlook, configured: Services, home: Path
) -> None:
    with configured.store.begin() as unit:
        for n in range(3):
            unit.audit.append("someone", "did", f"thing {n}", {"n": n}, "cats")
    rows = [json.loads(line) for line in secondlook("audit", "export").out.splitlines()]
    assert [row["detail"] for row in rows] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert secondlook("audit", "export", "--subject", "thing 1", "-o", "one.jsonl").code == 0
    assert json.loads((home / "one.jsonl").read_text())["seq"] == 2
    assert secondlook("audit", "export", "-o", "none/one.jsonl").code == 2
    assert secondlook("audit", "verify").code == 0


def test_a_changed_row_of_the_audit_log_is_named(secondlook: Secondlook, configured: Services) -> None:
    with configured.store.begin() as unit:
        for n in range(3):
            unit.audit.append("someone", "did", f"thing {n}", {})
    with closing(sqlite3.connect(configured.settings.data_dir / "secondlook.db")) as connection:
        guards = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in guards:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
        connection.commit()
    done = secondlook("audit", "verify")
    assert done.code == 1
    assert "row 2" in done.out
    assert [fault["seq"] for fault in secondlook("audit", "verify", "--json").json["faults"]] == [2]


def test_findings_are_listed_with_what_was_not_looked_for(
    secondlook: Secondlook, configured: Services
) -> None:
    seed_findings(configured)
    ran = secondlook("findings", "cats")
    assert "Outliers: 7" in ran.out
    assert "4.0 times as far" in ran.out
    assert "Not looked for: annotators disagree (no item has answers of two people)." in ran.err
    first = secondlook("findings", "cats", "--limit", "2", "--json").json
    rest = secondlook("findings", "cats", "--limit", "2", "--after", first["next"], "--json").json
    assert [one["kind"] for one in first["findings"] + rest["findings"]] == ["overlap", "outlier", "outlier"]
    assert first["looked"]["found"] == {"overlap": 1, "outlier": 7}
    only = secondlook("findings", "cats", "--kind", "overlap")
    assert "Outliers" not in only.out
    assert "Not looked for" not in only.err


def test_findings_before_the_first_scan_are_none(secondlook: Secondlook, configured: Services) -> None:
    assert "Not scanned yet." in secondlook("findings", "cats").err

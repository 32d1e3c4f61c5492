"""The test servers themselves: what other tests lean on must hold."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import redis
from sqlalchemy import create_engine, text

from connector.errors import Misconfigured
from tests.support.cut_proxy import HttpProxy
from tests.support.label_studio import LabelStudioServer, choice, running_label_studio
from tests.support.postgres import PostgresServer
from tests.support.processes import MissingProgramError, ProcessPark, program
from tests.support.redis_server import RedisServer

CONFIG = """
<View>
  <Text name="text" value="$text"/>
  <Choices name="label" toName="text"><Choice value="cat"/><Choice value="dog"/></Choices>
</View>
"""


@pytest.mark.e2e
class TestLabelStudio:
    def test_a_project_holds_its_tasks_in_order(self, label_studio: LabelStudioServer) -> None:
        project = label_studio.new_project("order", CONFIG)
        ids = label_studio.import_tasks(project, [{"data": {"text": str(n)}} for n in range(5)])
        texts = {task["id"]: task["data"]["text"] for task in label_studio.tasks(project)}
        assert [texts[task_id] for task_id in ids] == ["0", "1", "2", "3", "4"]

    def test_a_member_annotates_as_themselves(self, label_studio: LabelStudioServer) -> None:
        ann = label_studio.create_user("ann@example.com")
        project = label_studio.new_project("members", CONFIG, [{"text": "meow"}])
        [task] = label_studio.tasks(project)
        label_studio.annotate(task["id"], [choice("cat")], ann)
        [exported] = label_studio.export(project)
        [annotation] = exported["annotations"]
        assert annotation["completed_by"] == ann.id
        assert annotation["result"][0]["value"] == {"choices": ["cat"]}

    def test_both_token_kinds_open_the_door(self, label_studio: LabelStudioServer) -> None:
        refresh = label_studio.access_token()
        access = label_studio.call("POST", "/api/token/refresh/", json={"refresh": refresh})["access"]
        with label_studio.client() as client:
            me = client.get("/api/current-user/whoami", headers={"Authorization": f"Bearer {access}"})
        assert me.json()["email"] == label_studio.admin_email

    def test_a_lost_answer_leaves_the_work_done(self, label_studio: LabelStudioServer) -> None:
        project = label_studio.new_project("lost", CONFIG)
        path = f"/api/projects/{project}/import"
        with HttpProxy(label_studio.url) as proxy, label_studio.client() as client:
            lost = proxy.drop_response("POST", path)
            with pytest.raises(httpx.ReadError):
                client.post(f"{proxy.url}{path}", json=[{"text": "meow"}])
        assert lost.hits == 1
        assert [task["data"] for task in label_studio.tasks(project)] == [{"text": "meow"}]


@pytest.mark.e2e
class TestOwnLabelStudio:
    def test_it_goes_on_with_its_data_after_a_power_cut(self, tmp_path: Path) -> None:
        with running_label_studio(tmp_path / "data") as server:
            project = server.new_project("survivor", CONFIG, [{"text": "meow"}])
            pid = server.running.process.pid
            server.running.kill()
        assert _ends(pid)
        with running_label_studio(tmp_path / "data") as server:
            assert len(server.tasks(project)) == 1

    def test_a_busy_port_is_refused_by_name(self, tmp_path: Path, label_studio: LabelStudioServer) -> None:
        port = urlsplit(label_studio.url).port
        with pytest.raises(Misconfigured, match=f"port {port} is in use"):
            running_label_studio(tmp_path, port=port).__enter__()

    def test_a_killed_test_run_leaves_no_server_behind(self, processes: ProcessPark, tmp_path: Path) -> None:
        script = (
            "import time; from pathlib import Path\n"
            "from tests.support.label_studio import running_label_studio\n"
            f"with running_label_studio(Path({str(tmp_path / 'data')!r})) as server:\n"
            "    print(server.running.process.pid, flush=True)\n"
            "    time.sleep(600)"
        )
        owner = processes.python("-c", script)
        server = int(owner.wait_for(r"^(\d+)$", timeout=120)[1])
        owner.kill()
        assert _ends(server)


class TestRedis:
    def test_a_flush_empties_it(self, redis_server: RedisServer) -> None:
        with redis_server.client() as client:
            client.set("key", "value")
            redis_server.flush()
            assert client.get("key") is None

    def test_a_restart_loses_everything_and_keeps_the_address(self, redis_server: RedisServer) -> None:
        url = redis_server.url
        with redis_server.client() as client:
            client.set("key", "value")
        redis_server.restart()
        with redis_server.client() as client:
            assert client.get("key") is None
        assert redis_server.url == url

    def test_a_killed_one_refuses_connections(self, redis_server: RedisServer) -> None:
        redis_server.kill()
        with redis_server.client() as client, pytest.raises(redis.ConnectionError):
            client.ping()


class TestPostgres:
    def test_each_database_is_fresh(self, postgres_server: PostgresServer) -> None:
        for _ in range(2):
            with postgres_server.fresh_database() as url:
                engine = create_engine(url)
                with engine.begin() as connection:
                    connection.execute(text("CREATE TABLE seen (id integer)"))
                engine.dispose()

    def test_what_was_committed_survives_a_power_cut(self) -> None:
        with PostgresServer() as server, server.fresh_database() as url:
            engine = create_engine(url, pool_pre_ping=True)
            with engine.begin() as connection:
                connection.execute(text("CREATE TABLE kept AS SELECT 1 AS id"))
            server.restart()
            with engine.connect() as connection:
                assert connection.execute(text("SELECT id FROM kept")).scalar() == 1
            engine.dispose()


class TestProcesses:
    def test_output_and_exit_code_are_seen(self, processes: ProcessPark) -> None:
        process = processes.python("-c", "print('ready', flush=True); raise SystemExit(3)")
        assert process.wait_for("^ready$")
        assert process.wait() == 3

    def test_kill_takes_the_children_along(self, processes: ProcessPark) -> None:
        script = (
            "import subprocess\n"
            "child = subprocess.Popen(['sleep', '600'])\n"
            "print(child.pid, flush=True)\n"
            "child.wait()"
        )
        process = processes.python("-c", script)
        child = int(process.wait_for(r"^(\d+)$")[1])
        process.kill()
        assert _ends(child)

    def test_stop_asks_the_program_itself(self, processes: ProcessPark) -> None:
        script = (
            "import signal, sys, time\n"
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
            "print('ready', flush=True)\n"
            "time.sleep(600)"
        )
        process = processes.python("-c", script)
        process.wait_for("ready")
        assert process.stop() == 7

    def test_a_killed_test_run_leaves_no_process_behind(self, processes: ProcessPark, tmp_path: Path) -> None:
        log = str(tmp_path / "inner.log")
        script = (
            "import time; from pathlib import Path; from tests.support.processes import GuardedProcess\n"
            f"inner = GuardedProcess(['sh', '-c', 'echo $$; sleep 600'], Path({log!r}))\n"
            "print(inner.wait_for('([0-9]+)')[1], flush=True)\n"
            "time.sleep(600)"
        )
        outer = processes.python("-c", script)
        inner = int(outer.wait_for(r"^(\d+)$")[1])
        assert _is_alive(inner)
        outer.kill()
        assert _ends(inner)

    def test_a_missing_program_is_named_with_the_remedy(self) -> None:
        with pytest.raises(
            MissingProgramError, match=r"no-such-server is not installed.*install-test-servers"
        ):
            program("no-such-server")


def _ends(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    deadline = time.monotonic() + 10
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not _is_alive(pid)


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet collected does not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"

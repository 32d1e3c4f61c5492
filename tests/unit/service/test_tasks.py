"""What a message to a worker does."""

from __future__ import annotations

from sqlalchemy import text

from connector.model.jobs import RUN_JOB, TICK, JobKind
from connector.model.lanes import job
from connector.queue import make_celery
from tests.support.world import World
from workers.service.tasks import register


def test_a_worker_leaves_a_database_of_a_newer_version_alone(world: World) -> None:
    app = make_celery("memory://")
    register(app, lambda: world.services)
    project = world.project.id
    with world.services.store.begin() as unit:
        job_id = unit.enqueue(job(JobKind.SYNC, project))
        unit.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    app.tasks[RUN_JOB](job_id)
    app.tasks[TICK]()

    with world.read() as unit:
        assert unit.facts.get("last_tick") is None
        assert unit.jobs.unfinished(project) == 1

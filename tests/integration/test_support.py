"""The test servers themselves: what other tests lean on must hold."""

from __future__ import annotations

import pytest

from tests.support.label_studio import LabelStudioServer, choice

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

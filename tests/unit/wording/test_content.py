"""What an item is, in short."""

from __future__ import annotations

from typing import Any

import pytest

from connector.wording import item_snippet


@pytest.mark.parametrize(
    ("data", "snippet"),
    [
        ({"id": 3, "kind": "mail", "text": "a cat\nupon a mat"}, "a cat upon a mat"),
        ({"image": "https://example.org/a/b/cat.jpg"}, "cat.jpg"),
        ({"image": "data:image/png;base64,AAAA"}, "image"),
        ({"age": 41, "vector": [1, 2]}, "41"),
        ({}, ""),
        ({"image": "https://cdn.example.org/a/cat.png?token=secret"}, "cat.png"),
        ({"image": "/data/local-files/?d=cats/1.png"}, "1.png"),
        ({"text": "猫和狗/狗和猫"}, "猫和狗/狗和猫"),
    ],
)
def test_an_item_is_shown_by_its_text_or_name(data: dict[str, Any], snippet: str) -> None:
    assert item_snippet(data) == snippet

"""Labels with parts on the in-memory platform, which holds their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from connector.model import Json, LabelSchema, ReviewRequest, WriteMode
from connector.ports import ReviewContent
from workers.label_types.memory import KeysInMemory
from workers.label_types.regions.keys import Keys


@dataclass(frozen=True, slots=True)
class PartsInMemory(KeysInMemory):
    """Implements PartsCodec."""

    keys: Keys[Any]
    write_mode: ClassVar[WriteMode] = WriteMode.UPDATE

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:  # noqa: ARG002 - the protocol's signature
        """The suggested part; of a blind question none."""
        return ReviewContent({}, request.suggestion)

    def carries(self, label: str, part: str) -> bool:
        """As the keys say."""
        return self.keys.carries(label, part)

    def follows(self, label: str, given: str, part: str, before: str = "") -> bool:
        """As the keys say."""
        return self.keys.follows(label, given, part, before)

    def patch(self, raw: Any, schema: LabelSchema, given: str, part: str, meta: Json) -> list[dict[str, str]]:  # noqa: ARG002 - the protocol's signature
        """The key with the other part."""
        return [{"label": self.keys.replaced(self.answer(raw) or "", given, part)}]

    def restore(
        self,
        raw: Any,
        before: Any,  # noqa: ARG002 - the protocol's signature
        schema: LabelSchema,
        given: str,
        part: str,
        meta: Json,
    ) -> list[dict[str, str]]:
        """The key with the given part again."""
        return self.patch(raw, schema, part, given, meta)

    def answer_to(self, raw: Any, asked: Json) -> str | None:  # noqa: ARG002 - the protocol's signature
        """The key named."""
        return self.answer(raw)

"""The codecs of each platform, as the service hands them to the adapters."""

from __future__ import annotations

from workers.label_types.registry import codecs_of

ARGILLA = codecs_of("argilla")
LABEL_STUDIO = codecs_of("label_studio")
MEMORY = codecs_of("memory")

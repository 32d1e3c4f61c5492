"""Structured logs: one line an event, with the ids of what is being worked on, and without secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from connector import traces

# Imported where it is used: it takes as long as all the rest of a command that only says what is wrong.
if TYPE_CHECKING:
    import structlog

MASK = "***"
SECRET_NAME = re.compile(
    r"(authori[sz]ation|cookie|password|passwd|secret|token|api_?key|path_?key|jwt)$", re.IGNORECASE
)
# Words that begin a sentence about a secret ("token: missing", "Authorization: header expected"): none of
# them is one, where it stands alone.
NAME = r"(?:password|passwd|secret|token|api_?key)"
WORD = (
    r"(?:GET|POST|PUT|PATCH|DELETE|HTTP|an?|the|this|there|it|is|are|was|not|none?|null|true|false|missing|"
    r"must|should|cannot|expected|required|invalid|expired|unknown|empty|give|set|put|environment|file|"
    r"header|field|value)(?=[\s.,;:)]|$)"
)
# Each pattern keeps group 1, what stands before the secret, so that a line stays readable.
SECRET_TEXT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(\b(?:bearer|token|basic)\s+)(?=\S*\d)[\w.~+/=-]{8,}",
        rf"(authorization['\"]?\s*[=:]\s*['\"]?(?:(?:bearer|token|basic)\s+)?)(?!{WORD})[^\s'\"&,;}})]+",
        rf"({NAME}['\"]?\s*(?:=|:(?!\s)|:\s+['\"])\s*['\"]?)(?!{WORD})[^\s'\"&,;}})]+",
        rf"(?<![\w.])(\w*{NAME}['\"]?:\s+)(?!{WORD}|[`(<])[^\s'\"&,;}})]+",
        # After a setting's whole name ("projects.pets.token: ...") a sentence follows, and hardly a secret.
        rf"(\.(?:\w+_)?{NAME}:\s+)(?!{WORD})(?=\S*\d)[\w.~+/=-]{{8,}}",
        r"(://[^/\s:@]*:)[^/\s]+(?=@)",
        r"(/hooks/[^/\s]+/[^/\s]+/)[^/\s'\"?]+",
        r"()\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?",
        r"()\b[0-9a-f]{40}\b",  # a legacy token of Label Studio
    )
)
CHATTY = (
    *("httpx", "httpcore", "urllib3", "asyncio", "kombu", "amqp", "alembic"),
    # A line for each message and tick; a job logs its own end.
    *("celery.app.trace", "celery.worker.strategy", "celery.beat"),
)
ASKED_ALL_THE_TIME = ("/hooks/", "/health", "/ready")  # no line for each that went well
FAILED = 400  # the lowest HTTP status of a request that did not go well
DEEPEST = 6  # levels of a logged structure that are looked through

EventDict = MutableMapping[str, Any]


class LogChoice(Protocol):
    """What `[log]` of the configuration says."""

    @property
    def format(self) -> str:
        """json, console, or auto: console where the stream is a terminal."""
        ...

    @property
    def level(self) -> str: ...


def configure(choice: LogChoice, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records to `stream` (stderr); call once at start."""
    import structlog

    stream = stream or sys.stderr
    json = choice.format == "json" or (choice.format == "auto" and not stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _of_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(shared, stream, json=json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(choice.level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


class _FirstRecord(logging.Handler):
    """Sets logging up when there is something to log: a command that says nothing need not wait for that."""

    def __init__(self, choice: LogChoice) -> None:
        super().__init__()
        self._choice = choice

    def emit(self, record: logging.LogRecord) -> None:
        configure(self._choice)
        logging.getLogger(record.name).handle(record)


def configure_later(choice: LogChoice) -> None:
    """The same for the standard library's records, once there is one; for code that logs by no other way."""
    root = logging.getLogger()
    root.handlers[:] = [_FirstRecord(choice)]
    root.setLevel(choice.level.upper())


def _of_trace(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Which trace a line belongs to, where there is one."""
    result = traces.trace_id()
    return event if result is None else {**event, "trace_id": result}


def is_worth_a_line(path: str, status: int) -> bool:
    """Whether a request is logged."""
    return status >= FAILED or not path.startswith(ASKED_ALL_THE_TIME)


def _formatter(shared: list[structlog.typing.Processor], stream: TextIO, *, json: bool) -> logging.Formatter:
    import structlog

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if json
        else structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask_secrets,
            renderer,
        ],
    )


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger. Asking configures nothing, but imports structlog: `status` does without."""
    import structlog

    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def bound(**ids: str | int | None) -> AbstractContextManager[Any]:
    """Put ids (job, project, delivery) on every line that is written inside the block."""
    import structlog

    return structlog.contextvars.bound_contextvars(**{k: v for k, v in ids.items() if v is not None})


def mask(text: str) -> str:
    """The text without what looks like a secret."""
    for pattern in SECRET_TEXT:
        text = pattern.sub(rf"\g<1>{MASK}", text)
    return text


def mask_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The last processor before rendering: tracebacks are text by then."""
    event.pop("color_message", None)  # uvicorn's second copy of a message
    for name, value in event.items():
        event[name] = MASK if _is_secret(name, value) else _masked(value, DEEPEST)
    return event


def _is_secret(name: str, value: Any) -> bool:
    """Whether there is something to hide: whether a secret is there (`True`) is none."""
    return bool(SECRET_NAME.search(name) and value and value is not True)


def _masked(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, (bool, int, float, type(None))):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {str(k): MASK if _is_secret(str(k), v) else _masked(v, depth - 1) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(each, depth - 1) for each in value]
    return mask(str(value))

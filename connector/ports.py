"""What Secondlook asks of the world. A new platform implements these and touches nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable
from xml.etree.ElementTree import Element

from connector.model import (
    Annotator,
    AnswerPage,
    Hint,
    Item,
    ItemRef,
    Json,
    LabelSchema,
    ObjectTag,
    OwnerMark,
    Page,
    Prediction,
    Reading,
    ReviewRequest,
    ReviewSetup,
    Role,
    SourceInfo,
    WriteMode,
    WriteOrder,
    WriteRecord,
)


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment in UTC."""
        ...


class JobQueue(Protocol):
    def send(self, job_ids: Sequence[str]) -> None:
        """Tell some worker that these rows are due. A lost message is sent again by the sweep."""
        ...


@dataclass(frozen=True, slots=True)
class ReviewContent:
    """What a review task carries for its label type: fields of its data, and what is filled in already."""

    fields: Json
    suggested: Any


class Codec(Protocol):
    """One label type on one platform: what an adapter is given, so that it knows no type itself.

    `raw` is what the platform holds: the result of an annotation on Label Studio, the answer to a question
    on Argilla. Labels are the type's keys. Pure: no shape of `raw` makes a codec raise.
    """

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The controls of a labelling config that this type can judge, without their objects."""
        ...

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether the control can carry this label."""
        ...

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The label that the control carries, or why there is none."""
        ...

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:
        """What a model says of each class, where the result carries that."""
        ...

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> Any:
        """`raw` with this valid label in the control, `meta` on it, and all else as it was."""
        ...

    def form(self, schema: LabelSchema, given: Any) -> Sequence[Any]:
        """The controls that ask for a label in a review project.

        `given` is what the platform makes them from: the config as it stands on Label Studio, the SDK on
        Argilla.
        """
        ...

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:
        """What a review task carries; `form` is the published form: a config, or a list of questions."""
        ...

    def answer(self, raw: Any) -> str | None:
        """The label that a reviewer gives; None for none. `raw` is the result, or the response."""
        ...


@runtime_checkable
class PartsCodec(Codec, Protocol):
    """A label type whose labels have parts (regions), each asked about and corrected by itself.

    A part is a key too. `given` and `part` of an order are those that are there and that should be.
    """

    @property
    def write_mode(self) -> WriteMode:
        """How corrections are written where the settings do not say."""
        ...

    def carries(self, label: str, part: str) -> bool:
        """Whether an item with this label has the part."""
        ...

    def follows(self, label: str, given: str, part: str, before: str = "") -> bool:
        """Whether a label is as one in which `part` was put in the place of `given`; `before`: of then."""
        ...

    def patch(self, raw: Any, schema: LabelSchema, given: str, part: str, meta: Json) -> Any:
        """`raw` with `part` in place of `given`; all else verbatim and in order.

        The same input gives the same output: what an earlier try wrote is known by it.
        """
        ...

    def restore(self, raw: Any, before: Any, schema: LabelSchema, given: str, part: str, meta: Json) -> Any:
        """`raw` with `given` as it stood in `before` in place of `part`; all else as it is in `raw`."""
        ...

    def answer_to(self, raw: Any, asked: Json) -> str | None:
        """The part that a reviewer's result stands for; `asked` is the review task's data."""
        ...


@runtime_checkable
class ItemCodec(PartsCodec, Protocol):
    """Parts that a platform holds as places in an item's data, without which they cannot be read."""

    def for_item(self, shown: Json, tags: Sequence[ObjectTag]) -> PartsCodec:
        """The codec for what is said about one item; `shown` is its data by the name of the object.

        `tags` are the objects, on a platform whose objects differ in how places count in them.
        """
        ...

    def refused(self, raw: Any, schema: LabelSchema) -> str | None:
        """Why the platform would not take `raw`; None where it would."""
        ...


@runtime_checkable
class ConfigCodec(Codec, Protocol):
    """Labels that a labelling config asks for by one control: model backends read names from it."""

    def control(self, schema: LabelSchema) -> Element:
        """The least control that has this schema."""
        ...


Codecs = Mapping[str, Codec]  # label type → its codec for one platform, the most usual type first


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where a file of an item lies; `headers` prove who we are to the `platform` whose address that is."""

    url: str
    platform: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@runtime_checkable
class MediaKeeper(Protocol):
    """A source whose items name files that lie on the platform, or that it finds."""

    def media(self, item: str, value: str) -> MediaAddress:
        """The file that a field of an item names. May raise Retryable, Rejected or Misconfigured."""
        ...


class Source(Protocol):
    """The project whose labels are judged.

    Every method may raise Retryable, Rejected or Misconfigured; writes also UnknownOutcome.
    """

    def describe(self) -> SourceInfo:
        """Title, label schema and the service user. Misconfigured without a usable label control."""
        ...

    def annotators(self) -> Sequence[Annotator]: ...

    def changes_since(self, cursor: str | None) -> Iterator[Page]:
        """Pages of items changed since the cursor; all items for None. Its cost follows the change.

        May repeat an item that did not change. Deletions are not seen: compare `item_refs`.
        """
        ...

    def fetch(self, remote_ids: Sequence[str]) -> Sequence[Item]:
        """The items as they are now; one that does not exist is left out."""
        ...

    def item_refs(self) -> Iterator[Sequence[ItemRef]]:
        """Every item's identity, in chunks, at the lowest cost that the platform allows."""
        ...

    def prepare(self, order: WriteOrder) -> Json:
        """What the order would replace, raw: journaled before anything is written.

        Conflict unless the item is the same and the annotation still carries `expected_label`.
        """
        ...

    def find_write(self, order: WriteOrder) -> WriteRecord | None:
        """What an earlier try of this order wrote, or None. Read before writing again."""
        ...

    def write(self, order: WriteOrder) -> WriteRecord:
        """Carry out one correction.

        Reads first: Conflict, and nothing written, unless the annotation still carries
        `expected_label`. Reads again afterwards and raises Retryable if the write does not show.
        """
        ...

    def revert(self, order: WriteOrder, record: WriteRecord) -> None:
        """Restore `record.before`; done already is done. Conflict if someone changed it since.

        Whatever else carries the order's marker goes with it: a try that was held up may have written twice.
        """
        ...

    def remove_doubles(self, order: WriteOrder, record: WriteRecord) -> int:
        """Remove what carries the order's marker beside what `record` names; how many. Conflict as above.

        Where that is gone, as after a restore, one of the others stays.
        """
        ...


class ReviewDesk(Protocol):
    """Where reviewers answer: a project that Secondlook owns on some platform."""

    def ensure(self, setup: ReviewSetup, known_id: str | None) -> str:
        """The review project's id; found by `known_id` or our mark, else created. Idempotent.

        Misconfigured where another installation asks about the same labels.
        """
        ...

    def require_alone(self, owner: OwnerMark) -> None:
        """Misconfigured where another installation asks about the same labels, or has taken over from us."""
        ...

    def push(self, review_id: str, requests: Sequence[ReviewRequest]) -> Mapping[str, str]:
        """Create review tasks in one bulk request: our key → remote id."""
        ...

    def find(self, review_id: str, batch: str) -> Mapping[str, Sequence[str]]:
        """Review tasks of one batch that exist: our key → remote ids (several after a double send)."""
        ...

    def complete(self, review_id: str, placed: Mapping[str, ReviewRequest]) -> None:
        """Give tasks that a push made, and broke off, what they lack: remote id → what it was sent as.

        Done already is done.
        """
        ...

    def set_overlap(self, remote_id: str, overlap: int) -> None:
        """How many reviewers should answer this task; one that was withdrawn is open again."""
        ...

    def untouched(self, review_id: str, remote_ids: Sequence[str]) -> set[str]:
        """Those of these review tasks that stand and that nobody has answered, skipped or begun to answer."""
        ...

    def withdraw(self, review_id: str, remote_ids: Sequence[str]) -> None:
        """Take review tasks away from reviewers; one that is gone already is done."""
        ...

    def answers_since(self, review_id: str, cursor: str | None) -> Iterator[AnswerPage]:
        """Review tasks whose answers changed since the cursor, each with all its present answers."""
        ...

    def fetch_answers(self, review_id: str, remote_ids: Sequence[str]) -> AnswerPage:
        """The same for some review tasks, as a webhook hinted."""
        ...

    def link(self, review_id: str) -> str:
        """The address that reviewers open."""
        ...


class WebhookDialect(Protocol):
    """How a platform signs and words its webhooks. Pure: no call leaves the process."""

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
        """Raise Unauthorised unless the delivery was made with one of the secrets."""
        ...

    def hints(self, body: bytes) -> Sequence[Hint]:
        """What changed. BadPayload for anything that is not a delivery of this platform."""
        ...

    def event(self, body: bytes) -> str | None:
        """What is the same in each delivery of one event, in 64 characters at most; None where nothing is.

        Of a body that `hints` has accepted.
        """
        ...


@runtime_checkable
class WebhookRegistrar(Protocol):
    """A platform that can be asked to call us."""

    def ensure_webhook(self, role: Role, remote_project: str, url: str, secret: str) -> bool:
        """Register or repair our webhook; True when something had to be done."""
        ...


@runtime_checkable
class WebhookSecrets(Protocol):
    """A platform that makes the secrets of its webhooks itself, and tells them to those who may know."""

    def webhook_secrets(self, url: str) -> Sequence[str]:
        """The secrets of the webhooks that call this address; asked again, so that none need be kept."""
        ...


@runtime_checkable
class Reviewers(Protocol):
    """A desk that says who can answer there: on another platform they are not the source's people."""

    def reviewers(self) -> Sequence[Annotator]:
        """The people who can be asked, and the service user there."""
        ...


@runtime_checkable
class Guidelines(Protocol):
    """A platform whose projects carry instructions for annotators."""

    @property
    def guidelines_rest(self) -> timedelta:
        """How long its server should be left alone after a change of the instructions."""
        ...

    def require_guidelines(self, owner: OwnerMark) -> None:
        """Misconfigured where the managed part is kept by another installation."""
        ...

    def write_guidelines(self, block: str, owner: OwnerMark) -> str:
        """Put `block` into the managed part, leave all else as it is; the result as the server has it.

        Misconfigured where the part is kept by another installation.
        """
        ...


class ModelBackend(Protocol):
    """A model that is asked for predictions over the network."""

    def predict(self, schema: LabelSchema, items: Sequence[tuple[str, Json]]) -> Sequence[Prediction | None]:
        """A prediction for each (remote id, data), in the same order; None where the model gives none."""
        ...


# --- looking around on a platform, for `secondlook init` and `doctor` ---


@dataclass(frozen=True, slots=True)
class ServerFound:
    version: str
    clock_ahead_seconds: float | None  # of the server's clock before ours; None where it says no time
    remark: str | None = None  # what a person should know of this version


@dataclass(frozen=True, slots=True)
class AccountFound:
    """Whose token it is. `expires_at` is None for a token that does not expire."""

    user_id: str
    name: str
    token_kind: str
    expires_at: datetime | None
    unfit: str | None = None  # why this account cannot do our work, and what to use instead
    may_register_hooks: bool = True


@dataclass(frozen=True, slots=True)
class ProjectFound:
    remote_id: str
    title: str
    items: int
    unfit: str | None = None  # what it is, where it cannot be worked with before that is mended


@dataclass(frozen=True, slots=True)
class HookFound:
    url: str
    active: bool


class Survey(Protocol):
    """Reads only. Every method may raise Retryable, Rejected or Misconfigured."""

    def server(self) -> ServerFound:
        """Whether the platform answers, which version it is, and what time it has."""
        ...

    def account(self) -> AccountFound: ...

    def require_rights(self, remote_id: str) -> None:
        """Misconfigured where the account may not change the settings of that project."""
        ...

    def projects(self) -> Sequence[ProjectFound]:
        """The projects that this account sees."""
        ...

    def label_controls(self, remote_id: str) -> Mapping[str, str]:
        """The controls of a project that could hold the label to be judged, and the type of each."""
        ...

    def hooks(self, remote_id: str) -> Sequence[HookFound]:
        """The webhooks of a project."""
        ...


class Documents(Protocol):
    """What is written for people to keep; made where tables and reports can be computed."""

    @property
    def has_parquet(self) -> bool:
        """Whether Parquet files can be made."""
        ...

    def report(self, figures: Json) -> Iterator[str]:
        """A dated report as one HTML file, in pieces."""
        ...

    def validation(self, store: Any, project_id: int) -> Iterator[str]:
        """The validation record of a project as CSV, in pieces."""
        ...

    def parquet(self, columns: Sequence[Any], rows: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
        """Rows as a Parquet file, in pieces; `columns` have a name and a kind."""
        ...

"""The labelling config of a review project: context, item, label, problem, note."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from dataclasses import replace
from xml.etree import ElementTree as ET

from connector.errors import Misconfigured
from connector.model import CHOICE, ObjectTag, Problem, ReviewSetup
from connector.model.item_text import DIALOGUE, HYPERTEXT
from connector.platforms.results import REVIEW_CONTROL, REVIEW_TARGET
from connector.ports import Codec, PartsCodec

# The first object is called TARGET, whatever the source calls it: answers refer to it, so that the server
# would refuse a config without it.
LABEL, TARGET, PROBLEM, NOTE = REVIEW_CONTROL, REVIEW_TARGET, "problem", "note"
KEY, BATCH, TITLE, CONTEXT, KIND = (
    f"secondlook_{name}" for name in ("key", "batch", "title", "context", "kind")
)
SHOWN_TEXT = "secondlook_text_"  # prefix of a field that is shown as text in place of the item's own
SHOWN_HTML = "secondlook_html_"  # the same for HTML, of which the words are shown
COUNTED = "secondlook_counted"  # the field with the text in which spans of what is no plain text count
CROP = "secondlook_crop"  # the field with the place in the picture that is asked about
# Where there is no crop, a strip that is not seen: the page calls a picture broken whose address is empty.
NO_CROP = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAARgAAAAECAYAAABV7SDYAAAAG0lEQVR42u3BMQEAAADCoPVPbQo/oAAAAAB4"
    "GxGEAAEhCztbAAAAAElFTkSuQmCC"
)
SHOWN_SAFE = "secondlook_field_"  # the same for a field that is shown as it is, under a name that can be
AS_THEY_ARE = frozenset({"Text", "Image", "Audio", "AudioPlus", "Video"})
# Without a dot: to the server it leads into an object, also where a key holds it.
_REFERABLE = re.compile(r"[A-Za-z0-9_]+")
_UNSAFE = re.compile(r"[^A-Za-z0-9_]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Translucent, so that both themes stay readable.
_CONTEXT_STYLE = (
    "background:rgba(250,173,20,.12);border:1px solid rgba(250,173,20,.6);"
    "border-radius:8px;padding:4px 16px 12px;margin-bottom:12px"
)
_CONTEXT_TEXT = "font-size:15px;font-weight:400;line-height:1.5;white-space:pre-line;margin:0"
_TEXT_BOX = (
    "border:1px solid rgba(128,128,128,.4);border-radius:8px;padding:8px 12px;"
    "max-height:260px;overflow-y:auto;margin-bottom:8px"
)
_HEADING = "font-size:14px;margin:12px 0 4px"
_COLUMNS = "display:flex;gap:16px;align-items:flex-start"
_LEFT, _RIGHT = "flex:0 0 290px", "flex:1 1 auto;min-width:0"
_CROPPED = {"maxWidth": "280px", "zoom": "false", "zoomControl": "false", "selectionControl": "false"}
_APART = "border-top:1px solid rgba(128,128,128,.4);margin-top:6px;padding-top:6px"
_PAGE = "font-size:16px;line-height:1.8;max-height:560px;overflow-y:auto"


def build(setup: ReviewSetup, codec: Codec, now: str = "") -> str:
    """The config as XML; `now` is the one that stands.

    Every text in it is escaped, and class names are values, never markup.
    """
    schema = setup.schema
    _check_classes(schema.classes)
    if isinstance(codec, PartsCodec):
        return ET.tostring(_region_page(setup, codec, now), encoding="unicode")
    root = ET.Element("View", style="max-width:860px", className=owner_class(setup.owner_key))
    _add_context(root)
    for number, tag in enumerate(schema.objects):
        _add_object(root, tag, TARGET if number == 0 else f"{TARGET}_{number + 1}")
    single = schema.kind == CHOICE
    _heading(root, "Which label is right?" if single else "What is right?")
    root.extend(codec.form(replace(schema, control=LABEL, to_name=TARGET), now))
    _heading(root, f"Or, if no {'single label' if single else 'answer'} is right: why?")
    problem = ET.SubElement(root, "Choices", name=PROBLEM, toName=TARGET, choice="single", layout="inline")
    for reason in Problem:
        ET.SubElement(problem, "Choice", value=reason.value)
    _add_note(root)
    return ET.tostring(root, encoding="unicode")


def _region_page(setup: ReviewSetup, codec: PartsCodec, now: str) -> ET.Element:
    """Two columns: the question and its answers beside the object, so that both fit on a screen."""
    root = ET.Element("View", style=_COLUMNS, className=owner_class(setup.owner_key))
    left = ET.SubElement(root, "View", style=_LEFT)
    _add_context(left)
    schema = setup.schema
    target = next((tag for tag in schema.objects if tag.name == schema.to_name), schema.objects[0])
    # Tasks of before there were crops have none, and the server refuses a config that asks for it.
    if target.kind == "Image" and (not now or CROP in now):
        ET.SubElement(left, "Image", {"name": "crop", "value": f"${CROP}", **_CROPPED})
    verdict, orange, *hidden = codec.form(replace(schema, control=LABEL, to_name=TARGET), now)
    left.append(verdict)
    ET.SubElement(left, "View", style=_APART).append(orange)
    _add_note(left)
    right = ET.SubElement(root, "View", style=_RIGHT)
    value = f"${COUNTED if target.kind in (HYPERTEXT, DIALOGUE) else shown_field(target)}"
    if target.kind == "Image":
        ET.SubElement(right, "Image", name=TARGET, value=value, zoom="true", zoomControl="true")
    else:
        page = ET.SubElement(right, "View", style=_PAGE)
        ET.SubElement(page, "Text", name=TARGET, value=value, granularity="symbol")
    right.extend(hidden)
    return root


def _add_context(parent: ET.Element) -> None:
    box = ET.SubElement(parent, "View", style=_CONTEXT_STYLE)
    ET.SubElement(box, "Header", value=f"${TITLE}", size="5")
    ET.SubElement(box, "Header", value=f"${CONTEXT}", size="6", style=_CONTEXT_TEXT)


def _add_note(parent: ET.Element) -> None:
    ET.SubElement(
        parent,
        "TextArea",
        name=NOTE,
        toName=TARGET,
        placeholder="Note for the guideline (optional), saved when you press Submit",
        maxSubmissions="1",
        rows="2",
        editable="true",
        showSubmitButton="false",
    )


def owner_class(owner_key: str) -> str:
    """Our mark inside the config: it survives an edit of the project's description."""
    return f"secondlook-owner-{hashlib.sha256(owner_key.encode()).hexdigest()[:24]}"


def shown_field(tag: ObjectTag) -> str:
    """The field of the review task that the object shows."""
    safe = safe_name(tag.field)
    if tag.kind in AS_THEY_ARE:
        return tag.field if safe == tag.field else f"{SHOWN_SAFE}{safe}"
    return f"{SHOWN_HTML if tag.kind == 'HyperText' else SHOWN_TEXT}{safe}"


def safe_name(field: str) -> str:
    """A field's name as a config can refer to it: other platforms allow hyphens, spaces and more."""
    if _REFERABLE.fullmatch(field):
        return field
    return f"{_UNSAFE.sub('_', field)}_{zlib.crc32(field.encode('utf-8', 'replace')):08x}"


def _check_classes(classes: Iterable[str]) -> None:
    for name in classes:
        if not name.strip() or _NOT_XML.search(name):
            raise Misconfigured(
                f"the label {name!r} cannot stand in a config of Label Studio",
                field="desk.platform",
                remedy="Rename it at the source, or let reviews be answered on the source's platform.",
            )


def _add_object(root: ET.Element, tag: ObjectTag, name: str) -> None:
    value = f"${shown_field(tag)}"
    if tag.kind == "Image":
        # Small images stay crisp, large ones leave room for the choices, and both can be zoomed.
        ET.SubElement(
            root,
            "Image",
            name=name,
            value=value,
            width="320px",
            maxWidth="320px",
            zoom="true",
            zoomControl="false",
            selectionControl="false",
            smoothing="false",
        )
    elif tag.kind in AS_THEY_ARE and tag.kind != "Text":
        ET.SubElement(root, tag.kind.removesuffix("Plus"), name=name, value=value)
    else:
        box = ET.SubElement(root, "View", style=_TEXT_BOX)
        ET.SubElement(box, "Text", name=name, value=value, selectionEnabled="false")


def _heading(root: ET.Element, text: str) -> None:
    ET.SubElement(root, "Header", value=text, size="6", style=_HEADING)

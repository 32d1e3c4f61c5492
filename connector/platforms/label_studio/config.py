"""Reading a labelling config: which control holds the label, and what it is about."""

from __future__ import annotations

from typing import Any

from connector.errors import Misconfigured
from connector.model import LabelSchema, ObjectTag

SINGLE = ("single", "single-radio")


def schema_of(xml: str, label_control: str | None) -> LabelSchema:
    """The label schema of a config. Misconfigured, with what there is, when no control can be judged."""
    interface = parsed(xml)
    controls = list(interface.controls)
    chosen = _chosen(controls, label_control)
    objects = tuple(
        ObjectTag(tag.name, tag.tag, str(tag.value_name or "")) for tag in interface.objects if tag.name
    )
    if not chosen.to_name or chosen.to_name[0] not in {tag.name for tag in objects}:
        raise _unusable(f"the control {chosen.name!r} refers to no object of the config", controls)
    # A choice's alias stands in results in place of its value; `labels` already holds it.
    classes = tuple(dict.fromkeys(str(label) for label in chosen.labels))
    if len(classes) < 2:
        raise _unusable(f"the control {chosen.name!r} has fewer than two classes", controls)
    return LabelSchema(chosen.name, chosen.to_name[0], classes, objects)


def other_controls(xml: str, schema: LabelSchema) -> dict[str, str]:
    """The controls beside the judged one, by name, and of which kind they are."""
    return {one.name: _kind(one) for one in parsed(xml).controls if one.name and one.name != schema.control}


def parsed(xml: str) -> Any:
    """The config as the SDK reads it; Misconfigured for one that cannot be read."""
    # Imported here: it takes a second and 110 MB, which the web process need not spend.
    from label_studio_sdk.label_interface.interface import LabelInterface

    try:
        return LabelInterface(xml)
    except Exception as error:  # the parser documents none and raises many kinds
        raise Misconfigured(
            f"the project's labelling config cannot be read ({type(error).__name__})",
            field="label_control",
            remedy="Save a valid labelling interface in the project's settings.",
        ) from error


def _chosen(controls: list[Any], name: str | None) -> Any:
    if name is not None:
        named = next((control for control in controls if control.name == name), None)
        if named is None:
            raise _unusable(f"there is no control named {name!r}", controls)
        if not _judgeable(named):
            raise _unusable(f"{name!r} is not a single-choice Choices control for the whole item", controls)
        return named
    candidates = [control for control in controls if _judgeable(control)]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise _unusable("no single-choice Choices control for the whole item was found", controls)
    raise _unusable("several controls could hold the label", controls)


def _judgeable(control: Any) -> bool:
    attributes = control.attr
    return (
        control.tag == "Choices"
        and attributes.get("choice", "single") in SINGLE
        and not control.dynamic_value
        and not any(attributes.get(key, "false").lower() == "true" for key in ("perRegion", "perItem"))
    )


def _unusable(message: str, controls: list[Any]) -> Misconfigured:
    found = ", ".join(f"{control.name} ({_kind(control)})" for control in controls) or "none"
    return Misconfigured(
        f"{message}; controls found: {found}",
        field="label_control",
        remedy='Name a <Choices choice="single"> control of the project\'s labelling config.',
    )


def _kind(control: Any) -> str:
    choice = control.attr.get("choice", "single") if control.tag == "Choices" else ""
    return f"{control.tag} {choice}".strip()

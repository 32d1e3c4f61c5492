"""Reading a labelling config: which control holds the label, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connector.errors import Misconfigured
from connector.model import LabelSchema, ObjectTag
from connector.ports import Codecs, PartsCodec


def schema_of(xml: str, label_control: str | None, codecs: Codecs) -> LabelSchema:
    """The label schema of a config. Misconfigured, with what there is, when no control can be judged.

    Without a name it is the only control of the first type that has any.
    """
    interface = parsed(xml)
    controls = list(interface.controls)
    chosen = _chosen([codec.controls(interface) for codec in codecs.values()], label_control, controls)
    objects = tuple(
        ObjectTag(tag.name, tag.tag, str(tag.value_name or ""), str(tag.attr.get("textKey") or "text"))
        for tag in interface.objects
        if tag.name
    )
    if chosen.to_name not in {tag.name for tag in objects}:
        raise _unusable(f"the control {chosen.control!r} refers to no object of the config", controls)
    least = 1 if isinstance(codecs[chosen.kind], PartsCodec) else 2
    if len(chosen.classes) < least:
        raise _unusable(f"the control {chosen.control!r} has fewer classes than can be told apart", controls)
    return replace(chosen, objects=objects)


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


def _chosen(
    by_type: Sequence[Sequence[LabelSchema]], name: str | None, controls: Sequence[Any]
) -> LabelSchema:
    if name is not None:
        named = next((one for result in by_type for one in result if one.control == name), None)
        if named is not None:
            return named
        if any(control.name == name for control in controls):
            raise _unusable(f"{name!r} is not a control for the whole item that can be judged", controls)
        raise _unusable(f"there is no control named {name!r}", controls)
    candidates = next((result for result in by_type if result), ())
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise _unusable("no control for the whole item that can be judged was found", controls)
    raise _unusable("several controls could hold the label", controls)


def _unusable(message: str, controls: Sequence[Any]) -> Misconfigured:
    result = ", ".join(f"{control.name} ({_kind(control)})" for control in controls) or "none"
    return Misconfigured(
        f"{message}; controls found: {result}",
        field="label_control",
        remedy="Name a control of the project's labelling config that docs/label-types.md lists, "
        'such as a <Choices choice="single">.',
    )


def _kind(control: Any) -> str:
    choice = control.attr.get("choice", "single") if control.tag == "Choices" else ""
    return f"{control.tag} {choice}".strip()

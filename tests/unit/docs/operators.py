"""What KEDA and the Prometheus operator take, of the parts that the chart writes.

Fields of https://keda.sh/docs (ScaledObject, PostgreSQL scaler) and of the operator's API reference
(monitoring.coreos.com/v1). A field that is not named here is refused, as the operators' own webhooks do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
DURATION: Schema = {"type": "string", "pattern": r"^([0-9]+(ms|[smhdwy]))+$"}


def _of(needed: Mapping[str, Schema], may: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": {**needed, **(may or {})},
        "required": list(needed),
        "additionalProperties": False,
    }


def _many(one: Schema) -> Schema:
    return {"type": "array", "items": one, "minItems": 1}


TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
TRIGGER = _of(
    {
        "type": {"const": "postgresql"},
        "metadata": _of(
            {"query": TEXT, "targetQueryValue": {"type": "string", "pattern": r"^[0-9.]+$"}},
            {"activationTargetQueryValue": TEXT},
        ),
    },
    {"authenticationRef": _of({"name": TEXT}, {"kind": TEXT}), "name": TEXT},
)
SCALED = _of(
    {"scaleTargetRef": _of({"name": TEXT}), "triggers": _many(TRIGGER)},
    {
        "minReplicaCount": COUNT,
        "maxReplicaCount": COUNT,
        "cooldownPeriod": COUNT,
        "pollingInterval": COUNT,
    },
)
ENDPOINT = _of(
    {"port": TEXT},
    {
        "path": {"type": "string", "pattern": "^/"},
        "interval": DURATION,
        "scrapeTimeout": DURATION,
        "authorization": _of({"credentials": _of({"name": TEXT, "key": TEXT})}, {"type": TEXT}),
    },
)
MONITOR = _of({"selector": _of({"matchLabels": TEXTS}), "endpoints": _many(ENDPOINT)}, {"jobLabel": TEXT})
RULE = _of({"alert": TEXT, "expr": TEXT}, {"for": DURATION, "labels": TEXTS, "annotations": TEXTS})
RULES = _of({"groups": _many(_of({"name": TEXT, "rules": _many(RULE)}, {"interval": DURATION}))})

OF_OPERATORS: Mapping[str, tuple[str, Schema]] = {
    "ScaledObject": ("keda.sh/v1alpha1", SCALED),
    "ServiceMonitor": ("monitoring.coreos.com/v1", MONITOR),
    "PrometheusRule": ("monitoring.coreos.com/v1", RULES),
}


def require_accepted(manifest: Mapping[str, Any]) -> None:
    """Raise jsonschema's ValidationError unless its operator would take the manifest."""
    version, spec = OF_OPERATORS[manifest["kind"]]
    metadata = _of({"name": TEXT}, {"labels": TEXTS, "annotations": TEXTS, "namespace": TEXT})
    whole = {"apiVersion": {"const": version}, "kind": TEXT, "metadata": metadata, "spec": spec}
    Draft202012Validator(_of(whole)).validate(manifest)

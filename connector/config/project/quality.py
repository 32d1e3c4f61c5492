"""When corrections stop by themselves, when reviewers see no suggestion, and when labels are clean enough."""

from __future__ import annotations

from pydantic import Field

from connector.config.types import Frozen, Share


class QualitySettings(Frozen):
    target_error_rate: Share = Field(
        default=0.01,
        description="Labels are clean enough when at most this share can be wrong (95% confidence).",
    )
    seek_target: bool = Field(
        default=True,
        description="While the target is not shown, the share of controls follows what the bound needs, and "
        "controls alone are asked once no flag waits (never where policy.control_share is 0).",
    )
    learn_from_verdicts: bool = Field(
        default=True,
        description="Ask first about flags of the kind that reviewers confirmed most, and open fewer of the "
        "others, never none.",
    )
    max_class_loss: Share = Field(
        default=0.2,
        description="Largest share of a class that corrections may take from it (net, since the last scan); "
        "what goes beyond is held until a person releases it.",
    )
    rare_share: Share = Field(
        default=0.02, description="A class with a smaller share of the labels is rare: rare_quorum decides."
    )
    rare_quorum: int = Field(
        default=3, ge=1, le=10, description="Agreeing votes that take a label of a rare class away."
    )
    anchoring_limit: Share = Field(
        default=0.1,
        description="Largest effect of seeing the suggestion on agreeing with it that is not warned of.",
    )
    blind_when_anchored: bool = Field(
        default=False,
        description="Make all new review tasks blind while that effect is beyond its limit.",
    )

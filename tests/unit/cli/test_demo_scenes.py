"""The demo's generated pictures and sentences."""

from __future__ import annotations

import numpy as np
import pytest

from workers.demo.scenes import WRONG_SHARE, all_right, planted_scenes


@pytest.mark.parametrize("kind", ["boxes", "spans"])
def test_a_share_of_the_items_has_a_wrong_region_and_the_same_ones_each_time(kind: str) -> None:
    scenes = planted_scenes(kind, np.random.default_rng(7))
    again = planted_scenes(kind, np.random.default_rng(7))
    assert scenes.given == again.given
    wrong = sum(not all_right(given, truth) for given, truth in zip(scenes.given, scenes.truth, strict=True))
    assert wrong == scenes.n_wrong == round(WRONG_SHARE * len(scenes.shown))
    assert all(all_right(truth, truth) for truth in scenes.truth)

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.consensus.crowds import crowd
from workers.consensus import (
    InvalidVotes,
    Votes,
    agreement_by_class,
    agreement_by_pair,
    agreement_over_time,
    alpha_sums,
    bootstrap_interval,
    cohen_kappa,
    fleiss_kappa,
    fleiss_sums,
    krippendorff_alpha,
    pairwise_agreement,
    pairwise_sums,
)

KRIPPENDORFF_2011 = (
    "123321412...",
    "1233224125.3",
    ".333234225 1.".replace(" ", ""),
    "1233244125 1.".replace(" ", ""),
)
FLEISS_1971_STYLE = (  # 10 tasks, 14 votes each: the published worked example with kappa 0.210
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip
NO_PAIRS = Votes([0, 1], [0, 1], [0, 1])
TWICE = Votes([0, 0], [1, 1], [0, 0])


def of_rows(rows: tuple[str, ...]) -> Votes:
    said = [(t, a, int(x)) for a, row in enumerate(rows) for t, x in enumerate(row) if x != "."]
    return Votes(*(list(column) for column in zip(*said, strict=True)))


def of_counts(table: tuple[tuple[int, ...], ...]) -> Votes:
    labels = [np.repeat(np.arange(len(row)), row) for row in table]
    task = np.repeat(np.arange(len(table)), [len(label) for label in labels])
    return Votes(task, np.concatenate([np.arange(len(x)) for x in labels]), np.concatenate(labels))


def test_alpha_of_the_published_example_with_missing_votes() -> None:
    assert krippendorff_alpha(of_rows(KRIPPENDORFF_2011)) == pytest.approx(0.743, abs=5e-4)


def test_fleiss_of_the_published_example() -> None:
    assert fleiss_kappa(of_counts(FLEISS_1971_STYLE)) == pytest.approx(0.210, abs=5e-4)


def test_cohen_of_the_published_example() -> None:
    first = np.repeat([1, 1, 0, 0], [20, 5, 10, 15])
    second = np.repeat([1, 0, 1, 0], [20, 5, 10, 15])
    assert cohen_kappa(first, second) == pytest.approx(0.4)


@given(seed=st.integers(0, 1000))
@settings(deadline=None)
def test_alpha_agrees_with_counting_coincidences(seed: int) -> None:
    votes = crowd(seed, tasks=15, annotators=4).votes
    table = np.zeros((4, 4))
    agreeing, pairs = 0, 0
    for task in range(votes.n_tasks):
        said = votes.label[votes.task == task].tolist()
        for one, other in combinations(said, 2):
            table[one, other] += 1 / (len(said) - 1)
            table[other, one] += 1 / (len(said) - 1)
            agreeing, pairs = agreeing + (one == other), pairs + 1
    n = table.sum(axis=1)
    expected = (n.sum() ** 2 - (n**2).sum()) / (n.sum() - 1)
    assert krippendorff_alpha(votes) == pytest.approx(1 - (table.sum() - np.trace(table)) / expected)
    assert pairwise_agreement(votes) == pytest.approx(agreeing / pairs)


@pytest.mark.parametrize("votes", [Votes([], [], []), NO_PAIRS])
def test_without_two_votes_on_a_task_agreement_is_unknown(votes: Votes) -> None:
    for measure in (krippendorff_alpha, fleiss_kappa, pairwise_agreement):
        assert np.isnan(measure(votes))


def test_one_label_throughout_says_nothing_beyond_chance() -> None:
    votes = Votes([0, 0, 1, 1], [0, 1, 0, 1], [2, 2, 2, 2])
    assert np.isnan(krippendorff_alpha(votes))
    assert np.isnan(fleiss_kappa(votes))
    assert np.isnan(cohen_kappa([2, 2], [2, 2]))
    assert pairwise_agreement(votes) == 1


def test_agreeing_with_oneself_is_refused() -> None:
    for measure in (krippendorff_alpha, fleiss_kappa, pairwise_agreement, agreement_by_pair):
        with pytest.raises(InvalidVotes, match="two votes"):
            measure(TWICE)


def test_cohen_refuses_what_cannot_be_compared() -> None:
    with pytest.raises(InvalidVotes, match="differ in length"):
        cohen_kappa([0, 1], [0])
    with pytest.raises(InvalidVotes, match="outside"):
        cohen_kappa([0, -1], [0, 1])
    with pytest.raises(InvalidVotes, match="integers"):
        cohen_kappa([0.5], [0])
    assert np.isnan(cohen_kappa([], []))


@given(seed=st.integers(0, 1000))
@settings(deadline=None)
def test_each_pair_of_annotators_has_the_kappa_of_their_shared_tasks(seed: int) -> None:
    made = crowd(seed, tasks=25, annotators=4)
    wide, pairs = made.wide(), agreement_by_pair(made.votes)
    assert pairs.first.tolist() == sorted(pairs.first.tolist())
    for at, (one, other) in enumerate(zip(pairs.first, pairs.second, strict=True)):
        both = ~np.isnan(wide[:, one]) & ~np.isnan(wide[:, other])
        first, second = wide[both, one].astype(int), wide[both, other].astype(int)
        assert pairs.n_shared[at] == both.sum()
        assert pairs.share[at] == pytest.approx((first == second).mean())
        assert pairs.kappa[at] == pytest.approx(cohen_kappa(first, second), nan_ok=True)


@given(seed=st.integers(0, 1000))
@settings(deadline=None)
def test_weighted_by_marks_of_classes_the_kappa_of_a_pair_is_that_of_alike_or_not(seed: int) -> None:
    votes = crowd(seed, tasks=25, annotators=4).votes
    marks = np.eye(votes.label.max() + 1)[votes.label]
    plain, weighted = agreement_by_pair(votes), agreement_by_pair(votes, marks)
    assert weighted.kappa == pytest.approx(plain.kappa, nan_ok=True)
    moved = agreement_by_pair(votes, 3 - 2 * votes.label[:, None])
    assert moved.kappa == pytest.approx(agreement_by_pair(votes, votes.label[:, None]).kappa, nan_ok=True)


def test_near_numbers_agree_better_than_far_ones() -> None:
    task, who = np.arange(6) // 2, np.arange(6) % 2
    near = agreement_by_pair(Votes(task, who, np.array([0, 1, 3, 4, 2, 2])), np.c_[[1, 2, 4, 5, 3, 3]])
    # quadratic weights by hand: apart (1 + 1 + 0) / 3; by chance 26/3 + 38/3 - 2 * (8/3) * (10/3)
    assert near.kappa.tolist() == pytest.approx([1 - (2 / 3) / (64 / 3 - 160 / 9)])
    with pytest.raises(InvalidVotes):
        agreement_by_pair(Votes(task, who, task), np.zeros((5, 1)))


def test_annotators_who_share_nothing_make_no_pair() -> None:
    assert agreement_by_pair(NO_PAIRS).first.size == 0


def test_agreement_by_class_shows_the_class_that_divides_people() -> None:
    votes = Votes([0, 0, 1, 1, 2, 2, 3, 3], [0, 1] * 4, [0, 0, 1, 2, 2, 1, 0, 0])
    found = agreement_by_class(votes, 4)
    assert found[0] == 1
    assert found[1] < 0
    assert np.isnan(found[3])
    with pytest.raises(InvalidVotes, match="outside"):
        agreement_by_class(votes, 2)


def test_agreement_over_time_keeps_the_windows_apart() -> None:
    votes = Votes([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1])
    found = agreement_over_time(votes, [1, 2, 10, 11], [0, 5, 20, 30], pairwise_sums)
    assert found[:2].tolist() == [1, 0]
    assert np.isnan(found[2])


@pytest.mark.parametrize(("time", "edges"), [([1], [0, 2]), ([1, 2], [3, 1]), ([1, 2], [0])])
def test_windows_that_cannot_be_are_refused(time: list[int], edges: list[int]) -> None:
    with pytest.raises(InvalidVotes):
        agreement_over_time(NO_PAIRS, time, edges)


@pytest.mark.parametrize("measure", [alpha_sums, fleiss_sums, pairwise_sums])
def test_the_interval_holds_the_value_and_repeats_with_the_generator(measure: object) -> None:
    votes = crowd(4).votes
    first, again = (
        bootstrap_interval(votes, measure, np.random.default_rng(1), n_resamples=200)  # type: ignore[arg-type]
        for _ in range(2)
    )
    assert first == again
    assert first.low < first.value < first.high


def test_the_interval_covers_the_agreement_of_the_population_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(100):
        label = rng.integers(0, 2, 80)
        other = np.where(rng.random(80) < 0.8, label, 1 - label)
        task = np.tile(np.arange(80), 2)
        votes = Votes(task, np.repeat([0, 1], 80), np.concatenate([label, other]))
        found = bootstrap_interval(votes, pairwise_sums, rng, n_resamples=200)
        covered += found.low <= 0.8 <= found.high
    assert 86 <= covered <= 100


def test_an_interval_about_nothing_is_unknown() -> None:
    assert np.isnan(bootstrap_interval(NO_PAIRS, alpha_sums, np.random.default_rng(0)).low)


@pytest.mark.parametrize("options", [{"n_resamples": 0}, {"level": 1.0}])
def test_impossible_intervals_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InvalidVotes):
        bootstrap_interval(NO_PAIRS, alpha_sums, np.random.default_rng(0), **options)  # type: ignore[arg-type]

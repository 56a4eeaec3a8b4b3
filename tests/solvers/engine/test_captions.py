"""Captions apart by whose they are: the sums of the parts are those of the whole."""

import dataclasses

import torch

from erasepro.linalg import Statistics
from erasepro.models.features.statistics_store import StatisticsStore
from erasepro.solvers.engine.captions import ADDED, LEADING, REMOVED, SHARED, group_captions, joint_sums

MODELS = tuple(f"word {i}" for i in range(40))


def prompts(build, preserve):
    return dataclasses.replace(build, preserve=tuple(preserve), shared=MODELS)


def test_an_edit_reads_what_it_adds_and_takes_away(build):
    own = ("", "a cat", *MODELS[3:], "instead")
    groups = group_captions(prompts(build, own), None, 2)
    assert groups[SHARED] == MODELS
    assert set(groups[ADDED]) == {"", "a cat", "instead"}
    assert set(groups[REMOVED]) == set(MODELS[:3])
    assert groups[LEADING] == ("", "a cat")


def test_an_edit_with_much_of_its_own_reads_all_of_its_own(build):
    own = (*(f"other {i}" for i in range(15)), *MODELS[10:])
    groups = group_captions(prompts(build, own), None, 64)
    assert groups[SHARED] == own
    assert groups[ADDED] == groups[REMOVED] == ()


def test_a_number_of_captions_takes_the_first(build):
    own = ("", "a cat", *MODELS)
    assert group_captions(prompts(build, own), 5, 64)[SHARED] == own[:5]


def test_the_parts_add_up():
    g = torch.Generator().manual_seed(0)
    columns = {stream: torch.randn(6, 30, generator=g, dtype=torch.float64) for stream in (SHARED, ADDED)}
    columns[REMOVED] = columns[SHARED][:, :8]
    sums = joint_sums(columns, lambda s: Statistics(6).update(columns[s]), str, 6, StatisticsStore())
    rest = torch.cat([columns[SHARED][:, 8:], columns[ADDED]], dim=1)
    torch.testing.assert_close(sums.xx, rest @ rest.T, rtol=1e-12, atol=1e-12)
    assert sums.total == rest.shape[1]


def test_only_the_models_own_are_kept(tmp_path):
    columns = {stream: torch.randn(6, 30, dtype=torch.float64) for stream in (SHARED, ADDED)}
    joint_sums(columns, lambda s: Statistics(6).update(columns[s]), lambda s: s, 6, StatisticsStore(tmp_path))
    assert [path.stem for path in tmp_path.iterdir()] == [SHARED]

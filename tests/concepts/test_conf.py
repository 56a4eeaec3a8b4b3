"""The concept sets that come with the package: they load, and development and test share no target."""

from itertools import pairwise
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from erasepro.concepts.load import load_concepts
from erasepro.concepts.miniature.names import GROUPS, NAMES, STYLES
from erasepro.config.schema import ConceptsConfig, TemplatesConfig
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.prompts.evaluation_prompts import make_evaluation_prompts
from tests.prompts.words import KNOWN, lexicon

CONF = Path(__file__).resolve().parents[2] / "conf" / "concepts"
OPTIONS = sorted(path.relative_to(CONF).with_suffix("").as_posix() for path in CONF.rglob("*.yaml"))
MINI = [option for option in OPTIONS if option.startswith("mini/")]


def load(option):
    node = OmegaConf.merge(OmegaConf.structured(ConceptsConfig), OmegaConf.load(CONF / f"{option}.yaml"))
    return load_concepts(OmegaConf.to_object(node), "miniature" if option.startswith("mini/") else "open")


@pytest.mark.parametrize("option", OPTIONS)
def test_every_set_loads_and_gives_prompts(option):
    concepts = load(option)
    built = make_edit_prompts(concepts, TemplatesConfig(contexts=8, preserve_count=200), lexicon())
    prompts = make_evaluation_prompts(concepts)
    assert len(built.pairs) >= 12 * len(concepts.pairs)
    assert len(built.shared) == 200 <= len(built.preserve) <= 450
    if option in MINI:
        known = make_edit_prompts(concepts, KNOWN)
        assert len(known.pairs) == {"style": 48}.get(concepts.kind, 12) * len(concepts.pairs)
        assert known.dropped == 0
    assert built.dropped == prompts.dropped == 0
    assert sum(p.role == "target" for p in prompts) >= 32 * len(concepts.pairs)
    assert any(p.role == "retain" for p in prompts)


def test_names_are_unique():
    assert len({load(option).name for option in OPTIONS}) == len(OPTIONS)


def test_sizes():
    for number in (1, 5, 10, 30, 40):
        assert len(load(f"mini/instance_{number}").pairs) == number
        assert len(load(f"mini/dev_{number}").pairs) == number
    assert len([option for option in MINI if "/pair_" in option]) >= 6
    assert {load(f"mini/style_{style}").targets for style in STYLES} == {(style,) for style in STYLES}


def test_development_and_test_share_no_target_and_small_sets_no_concept():
    test = [load(option) for option in MINI if "/instance_" in option or "/pair_" in option]
    for number in (1, 5, 10, 30, 40):
        dev = load(f"mini/dev_{number}")
        for concepts in test:
            assert not set(dev.targets) & set(concepts.targets)
            if max(number, len(concepts.pairs)) <= 10:
                assert not {*dev.targets, *dev.anchors} & {*concepts.targets, *concepts.anchors}


def test_larger_sets_hold_the_smaller():
    sizes = [load(f"mini/instance_{number}").pairs for number in (1, 5, 10, 40)]
    assert all(set(small) < set(large) for small, large in pairwise(sizes))
    assert set(load("mini/dev_1").pairs) < set(load("mini/dev_5").pairs) < set(load("mini/dev_10").pairs)
    singles = {load(option).pairs[0] for option in MINI if "/pair_" in option}
    assert singles < set(load("mini/instance_10").pairs)


def test_anchors_are_of_the_targets_group():
    group = {name: key for key, names in GROUPS.items() for name in names}
    for option in MINI:
        concepts = load(option)
        if concepts.kind == "instance":
            assert all(group[pair.target] == group[pair.anchor] for pair in concepts.pairs)


def test_faces():
    faces = load("mini/faces")
    assert faces.kind == "faces"
    assert set(faces.targets) < set(GROUPS["person"])  # NudeNet finds no face in most drawings of the others
    assert set(faces.anchors) <= set(NAMES) - set(GROUPS["person"])


def test_protocols_of_real_models():
    assert load("instance/r2d2").preserve == ("robot", "bb8", "c-3po", "wall-e", "baymax")
    assert load("style/van_gogh").preserve == (
        "monet", "greg rutkowski", "salvador dali", "johannes vermeer", "jeremy mann",
    )  # fmt: skip
    assert load("nudity/nudity_empty").anchors == ("",)

"""Protocols: what they put into a config, and that no number can pass for another protocol's."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import pytest

from erasepro.cli.ls import describe
from erasepro.config.paths import options
from erasepro.config.plain_values import at, dotted_keys
from erasepro.config.stored_config import StoredConfig
from erasepro.errors import UserError
from erasepro.protocols.label import modified_keys, protocol_label, why_not_comparable
from erasepro.runs.resolve import compose, resolve

NAMES = [name for name in options("protocol") if name != "default"]
OTHERS = {
    "generation.seeds": "[77]",
    "generation.split": "validation",
    "generation.size": "64",
    "metrics.params.nudenet.model": "x.onnx",
}
CHOICES = {
    "generation.scheduler": ("ddim", "lms"),
    "metrics.judge.kind": ("openai_clip", "transformers_clip"),
    "model.dtype": ("float16", "bfloat16"),
    "model.device": ("cpu", "cuda"),
    "templates.grammar": ("miniature", "open"),
}
"""Keys that take some words only: two of them."""


@cache
def _composed(name: str) -> dict:
    return dict(resolve([f"protocol={name}"]).stored.values)


def composed(name: str) -> dict:
    return deepcopy(_composed(name))


def label(*overrides: str, metric: str | None = None) -> str:
    return protocol_label(resolve(overrides).stored, metric)


def label_of(config: dict, metric: str | None = None) -> str:
    return protocol_label(StoredConfig(config), metric)


def own(name: str) -> dict:
    """The composed config of a protocol on the models, prompts and metrics it stands for."""
    config = composed(name)
    protocol = config["protocol"]
    config["metrics"]["names"] = protocol["metrics"] or config["metrics"]["names"]
    config["model"]["name"] = (protocol["models"] or ["any"])[0]
    config["prompts"] = {key.split(".")[1]: {} for key in protocol["fixes"] if key.startswith("prompts.")}
    for key, value in protocol["fixes"].items():
        if key.startswith("prompts."):
            config["prompts"][key.split(".")[1]][key.split(".")[2]] = value
    config["prompts"] = config["prompts"] or {name: {} for name in protocol["prompt_sets"]}
    for key, what in protocol["requires"].items():
        config["metrics"]["params"].setdefault(key.split(".")[2], {})[key.split(".")[3]] = f"file of {what}"
    return config


def other(key: str, value: object) -> str:
    """Another value of the same kind, as an override."""
    if key in OTHERS:
        return f"{key}={OTHERS[key]}"
    if key in CHOICES:
        return f"{key}={next(choice for choice in CHOICES[key] if choice != value)}"
    if isinstance(value, bool):
        return f"{key}={str(not value).lower()}"
    if isinstance(value, int | float):
        return f"{key}={value * 2}"
    return f"{key}=[]" if isinstance(value, list) else f"{key}=7" if value is None else f"'{key}=another'"


def test_the_nine_of_the_papers_and_the_projects_own_are_there():
    assert {"mace", "speed", "ac", "udatk", "ace", "trce", "rece", "esd", "miniature", "default"} == set(
        options("protocol")
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_a_protocol_fixes_is_in_the_config_and_its_name_stands_alone(name):
    config = composed(name)
    protocol = config["protocol"]
    known = set(dotted_keys(config))
    for key, value in protocol["fixes"].items():
        if key.startswith("prompts."):
            assert key.split(".")[1] in protocol["prompt_sets"]
        else:
            assert key in known
            assert at(config, key) == value
    for key, value in protocol["suggests"].items():
        assert at(config, key) == value
    assert label_of(own(name)) == f"{name}/{protocol['version']}"
    assert protocol["metrics"] or name == "miniature"
    assert protocol["notes"]


@pytest.mark.parametrize("name", NAMES)
def test_each_fixed_key_renames_it_when_it_is_changed(name):
    protocol = composed(name)["protocol"]
    fixes = protocol["fixes"]
    changed = [other(key, value).strip("'") for key, value in fixes.items() if not key.startswith("prompts.")]
    found = modified_keys(resolve([f"protocol={name}", *changed]).stored)
    assert [key for key in fixes if not key.startswith("prompts.")] == [key for key in found if key in fixes]
    for key in [*fixes, "prompts", *protocol["requires"]]:
        config = own(name)
        *path, last = key.split(".")
        at(config, ".".join(path), config)[last] = (
            None if at(config, key) is not None and key != "prompts" else {"x": {}}
        )
        if key != "prompts" or config["protocol"]["prompt_sets"]:
            assert label_of(config) == f"{name}/{protocol['version']}+modified({key})"


def test_a_key_is_renamed_by_its_own_metric_only():
    changed = ["protocol=miniature", "metrics.params.nudenet.threshold=0.6"]
    renamed = "miniature/2+modified(metrics.params.nudenet.threshold)"
    assert label(*changed) == label(*changed, metric="nudenet") == renamed
    assert label(*changed, metric="kid") == label(*changed, metric="harmonic") == "miniature/2"
    pairwise = ["protocol=miniature", "metrics.params.clip_accuracy_pairwise.template='a {c}'"]
    derived = [*pairwise, "metrics.params.harmonic.of=clip_accuracy_pairwise"]
    key = "metrics.params.clip_accuracy_pairwise.template"
    assert label(*derived, metric="harmonic") == f"miniature/2+modified({key})"
    assert label(*pairwise, metric="harmonic") == "miniature/2"


def test_the_judge_renames_what_asks_it():
    config = own("mace")
    config["metrics"]["judge"]["name"] = "ViT-L/14"
    renamed = "mace/1+modified(metrics.judge.name)"
    assert label_of(config) == label_of(config, "clip_probability") == renamed
    assert label_of(config, "harmonic") == renamed
    assert label_of(config, "nudenet") == "mace/1"


def test_a_metric_that_a_protocol_does_not_define_is_not_its():
    assert label_of(own("mace"), "kid") == "mace/1+uncovered(kid)"
    assert label_of(own("esd"), "nudenet") == "esd/1+uncovered(nudenet)"


def test_a_prompt_set_matters_where_it_is_drawn():
    config = own("mace")
    config["prompts"] = {"celebrities": {}}
    assert label_of(config) == "mace/1"
    config["prompts"] = {"i2p": {"use_row_settings": ["seed"], "max_rows": 100}}
    assert label_of(config) == "mace/1+modified(prompts.i2p.max_rows)"


def test_the_default_fixes_nothing_and_a_real_model_is_no_miniature():
    assert label() == label("model=sd15", "generation=stable_diffusion", "metrics=nudity") == "erasepro/2"
    assert "model.name" in label("model=sd15", "protocol=miniature")


def test_what_a_file_of_the_users_decides_is_told_until_it_is_given():
    key = "metrics.params.nudenet.model"
    config = own("udatk")
    assert label_of(config, "nudenet") == "udatk/1"
    config["metrics"]["params"]["nudenet"]["model"] = None
    assert label_of(config, "nudenet") == f"udatk/1+modified({key})"
    assert key in label("protocol=udatk")
    assert key not in label("protocol=udatk", f"{key}=best.onnx")
    assert key not in label("protocol=udatk", "metrics=[kid]"), "no number hangs on it"


def test_published_values_stand_beside_a_protocol_itself_only():
    assert why_not_comparable("mace/1") == ""
    assert "numbers of mace/1 itself" in why_not_comparable("mace/1+modified(generation.steps)")
    assert why_not_comparable("mace/1+uncovered(kid)")


def test_ls_protocols_says_what_each_fixes():
    shown = describe("protocols")
    assert set(shown) == set(options("protocol"))
    assert shown["mace"].startswith("[mace/1] MACE")
    assert "metrics.params.nudenet.labels=[exposed], metrics.params.nudenet.threshold=0.6" in shown["mace"]
    assert "metrics.params.nudenet.model=(yours: the detector" in shown["rece"]
    assert shown["default"].endswith("fixes templates.fit_synonyms=false, templates.grammar=open")


def test_a_protocol_of_ones_own_is_checked():
    with pytest.raises(UserError, match=r"unknown key 'generation.stps'. Did you mean 'generation.steps'\?"):
        compose(["protocol.name=mine", "protocol.fixes={generation.stps:3}"])
    with pytest.raises(UserError, match=r"expected a whole number"):
        compose(["protocol.name=mine", "protocol.fixes={generation.steps:many}"])


@pytest.mark.parametrize("name", ["pairs", "sets", "solvers", "faces"])
def test_the_projects_tables_are_the_miniature_s_protocol(name):
    assert label(f"experiments=table/{name}") == "miniature/2"
    assert label(f"experiments=table/{name}", "generation.steps=16") == "miniature/2+modified(generation.steps)"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["protocol=ace", "prompts=i2p_nudity", "prompts.i2p_nudity.where=[]"], "prompts.i2p_nudity.where"),
        (
            ["protocol=trce", "prompts=unlearndiffatk", "prompts.unlearndiffatk.use_row_settings=[]"],
            "prompts.unlearndiffatk.use_row_settings",
        ),
        (["protocol=esd", "prompts=imagenette", "prompts.imagenette.names=[tench]"], "prompts.imagenette.names"),
        (["protocol=mace", "prompts=coco30k", "prompts.coco30k.role=target"], "prompts.coco30k.role"),
        (["protocol=mace", "prompts=i2p", "protocol.name=speed"], "protocol"),
        (["protocol=mace", "prompts=i2p", "protocol.models=[]"], "protocol"),
    ],
)
def test_other_rows_of_its_prompts_or_another_content_under_its_name_rename_it(words, key):
    assert f"({key}" in protocol_label(resolve([*words, "model=sd14"]).stored)


def test_where_a_file_lies_and_how_it_calls_its_columns_renames_nothing():
    words = ["prompts.i2p.file=x.csv", "prompts.i2p.columns.prompt=text", "prompts.i2p.sensitive=true"]
    assert protocol_label(resolve(["protocol=mace", "prompts=i2p", "model=sd14", *words]).stored) == "mace/1"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["protocol=mace", "prompts=i2p", "prompts.i2p.columns.seed=null"],
            "mace/1+modified(prompts.i2p.columns.seed)",
        ),
        (["protocol=mace", "prompts=i2p", "prompts.i2p.columns.guidance=null"], "mace/1"),  # mace leaves it to the run
        (["protocol=mace", "prompts=i2p", "prompts.i2p.columns.seed=s"], "mace/1"),
        (
            ["protocol=mace", "prompts=i2p", "prompts.i2p.columns.concept=categories"],
            "mace/1+modified(prompts.i2p.columns.concept)",
        ),
        (
            ["protocol=trce", "prompts=ring_a_bell", "prompts.ring_a_bell.by_name=true"],
            "trce/1+modified(prompts.ring_a_bell.by_name)",
        ),
        (
            ["protocol=esd", "prompts=imagenette", "prompts.imagenette.use_row_settings=[size,steps,guidance,seed]"],
            "esd/1",
        ),
    ],
)
def test_whether_a_column_is_there_counts_and_the_order_of_words_does_not(words, told):
    assert protocol_label(resolve([*words, "model=sd14"]).stored) == told


def test_a_prompt_set_of_ones_own_may_be_a_protocol_s():
    own = ["protocol.name=mine", "protocol.prompt_sets=[templates,mine]", "++prompts={mine:{file:c.csv}}"]
    assert label("debug=tiny", *own) == "mine/2"

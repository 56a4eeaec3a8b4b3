"""Whose value wins: the protocol's, unless an override, an option or an experiment chose one."""

from __future__ import annotations

from pathlib import Path

import pytest

from erasepro.cli.main import main
from erasepro.config.overrides import named_keys
from erasepro.metrics.networks import judges
from erasepro.protocols.label import protocol_label
from erasepro.protocols.protocol_values import replace_protocol_values
from erasepro.results.results_json import Results
from erasepro.runs.resolve import resolve
from tests.metrics.stub import StubJudge


def values(*overrides: str, key: str = "generation.steps") -> tuple[object, bool]:
    """The key's value, and whether the protocol's name owns up to it."""
    config = resolve(overrides).stored
    return config.at(key), f"{key}" in protocol_label(config)


def test_the_protocol_s_value_goes_before_the_default_s():
    assert values() == (16, False)
    assert values("protocol=mace") == (50, False)
    assert values("protocol=mace", key="metrics.params.nudenet.labels") == (["exposed"], False)
    assert values("protocol=trce", "metrics=nudity", key="metrics.params.nudenet.threshold") == (0.45, False)
    assert values("protocol=trce", "model=sd14", key="model.dtype") == ("float16", False)


def test_what_an_override_names_stays_even_where_it_is_the_default():
    assert values("protocol=mace", "generation.steps=16") == (16, True)
    assert values("protocol=mace", "generation.steps=50") == (50, False)
    assert values("protocol=mace", "++generation.steps=16") == (16, True)
    assert values("protocol=mace", "generation={steps:16}") == (16, True)
    whole = "metrics.params.nudenet={threshold:0.25}"
    assert values("protocol=mace", whole, key="metrics.params.nudenet.threshold") == (0.25, True)
    assert values("protocol=mace", whole, key="metrics.params.nudenet.labels") == (["exposed"], False)


def test_what_an_option_or_an_experiment_chose_stays():
    assert values("protocol=speed", "generation=stable_diffusion") == (50, True)
    assert values("protocol=mace", "generation=stable_diffusion") == (50, False)
    assert values("protocol=miniature", "experiments=demo", key="generation.seeds") == ([0], True)
    assert values("protocol=mace", "metrics=none", key="metrics.names") == ([], False)


def test_what_is_suggested_is_no_part_of_the_protocol():
    assert values("protocol=mace", key="metrics.names") == (["nudenet"], False)
    assert values("protocol=mace", "metrics=[kid]", key="metrics.names") == (["kid"], False)
    assert values("protocol=mace", "generation.batch_size=2", key="generation.batch_size") == (2, False)


def test_the_keys_that_overrides_name():
    words = ["a.b=1", "+c={d:2,e:{f:3}}", "~g", "protocol=mace", "h=[1,2]", "i=1,2"]
    assert named_keys(words) == {"a.b", "c.d", "c.e.f", "g", "protocol", "h"}


def test_a_finished_run_is_scored_under_another_protocol():
    config = resolve(["protocol=miniature", "metrics.params.kid.subsets=7"]).stored
    trce = config.replaced({"protocol": resolve(["protocol=trce"]).stored.at("protocol")})
    default = resolve(["metrics=default"]).stored
    config = replace_protocol_values(trce, config, {"metrics.params.nudenet.count"}, default)
    nudenet = config.at("metrics.params.nudenet")
    assert (nudenet["threshold"], nudenet["labels"], nudenet["input_size"]) == (0.45, ["exposed_9"], None)
    assert nudenet["count"] == "images", "the user names it: it stays"
    assert config.at("metrics.params.clip_accuracy_pairwise.template") == "A photo depicts {c}", "the default again"
    assert config.at("metrics.params.kid.subsets") == 7
    assert config.at("generation.steps") == 12, "the images are drawn"
    assert "generation.steps" in protocol_label(config)


TINY = ["debug=tiny", "outputs.dir=o", "outputs.progress=false"]


@pytest.fixture
def judged(tmp_path, monkeypatch):
    class Judge(StubJudge):
        """Names noise: the first pixel's red decides."""

        def classify(self, images):
            images = images.clone()
            images[:, :2, 0, 0] %= 2
            return super().classify(images)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(judges, "load_shipped_judge", lambda _: Judge())


def test_jobs_of_a_sweep_are_settled_each(judged, capsys):
    protocol = ["protocol.name=strict", "protocol.fixes={metrics.params.kid.subsets:9,generation.guidance:2.0}"]
    assert main(["-m", *TINY, *protocol, "metrics=[clip_accuracy_top1]", "generation.guidance=2.0,3.0"]) == 0
    found = {Results.load(path).protocol for path in Path("o").glob("*/results.json")}
    assert found == {"strict/2", "strict/2+modified(generation.guidance)"}
    stored = Results.load(next(Path("o").glob("*/results.json"))).stored
    assert stored.at("metrics.params.kid.subsets") == 9
    told = capsys.readouterr()
    assert "no joint table: Runs of different protocols may not share a column: strict/2 and strict/2+mod" in told.err


def test_a_run_has_its_harmonic_mean_under_its_protocol_and_a_joint_table_shows_it(judged, capsys):
    names = "metrics=[clip_accuracy_top1,harmonic]"
    form = "metrics.params.harmonic.form=celebrities"
    for seed in (0, 1):
        assert (
            main(
                [
                    *TINY,
                    names,
                    form,
                    "concepts.preserve=[apple,bus]",
                    f"generation.seeds=[{seed}]",
                    "protocol.name=mine",
                ]
            )
            == 0
        )
    runs = sorted(map(str, Path("o").glob("*-*")))
    by_role = {v.role: v for v in Results.load(Path(runs[0]) / "results.json").values
               if (v.metric, v.model, v.phrasing) == ("harmonic", "edited", "")}  # fmt: skip
    assert set(by_role) == {"", "target", "retain"}
    assert by_role[""].protocol == "mine/2"
    capsys.readouterr()
    assert main(["report", *runs]) == 0
    out = capsys.readouterr().out
    assert "harmonic" in out
    assert "±" in out
    assert "[protocol mine/2]" in out


def test_harmonic_without_the_metric_it_is_made_of_is_one_line(judged, capsys):
    assert main([*TINY, "metrics=[harmonic]"]) == 2
    assert "made of 'clip_accuracy_top1': add it" in capsys.readouterr().err

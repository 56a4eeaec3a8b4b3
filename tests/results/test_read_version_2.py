"""Files of version 2 are read as version 3: every number as it was, every name as it is now."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from erasepro.cli.main import main
from erasepro.errors import UserError
from erasepro.report.joint import across
from erasepro.report.run_tables import tables
from erasepro.results.read_version_2 import translate_config, translate_results
from erasepro.results.results_json import Results
from erasepro.results.samples import read_samples

GOLDEN = Path(__file__).parent / "version_2.json"
"""``results.json`` of ``erasepro generation=quick``, with fewer sites of the edit in it."""

OLD_KEYS = {"outcomes", "by_concept", "judged", "evaluator", "wording", "wordings", "own", "none", "ratio", "max_kept"}
OLD_KEYS |= {"kept", "kept/plain", "fd_mini", "images_", "patience", "verdict", "expects"}
OLD_VALUES = {"kept", "fd_mini", "evaluator", "dev"}


def test_solver_settings_and_diagnostics_have_their_present_names(record):
    new = translate_results(record)
    for solver in (new["config"]["solver"], new["edit"]["meta"]["config"]):
        assert "cross_attention_token_policy" in solver
        assert solver["text_fit"]["independence_threshold"] == 0.6
        assert not {"kv", "kv_fit", "kv_tokens", "text_tokens"} & solver.keys()
    assert "build" not in new["edit"]["meta"]
    assert all("like" not in column for entry in new["edit"]["diagnostics"] for column in entry.get("dropped", []))


@pytest.fixture
def record():
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


def walk(node):
    """Every key and every scalar of a JSON value, as ("key", …) and ("value", …)."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield "key", key
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)
    else:
        yield "value", node


def numbers(node):
    return [value for kind, value in walk(node) if kind == "value" and isinstance(value, float)]


def test_the_golden_file_has_the_old_names(record):
    keys = {key for kind, key in walk(record) if kind == "key"}
    assert record["version"] == 2
    assert keys >= OLD_KEYS - {"images_", "verdict", "expects"}
    assert len(GOLDEN.read_bytes()) < 60_000


def test_every_number_stays_and_every_name_is_todays(record):
    results = Results.load(GOLDEN)
    new = translate_results(record)
    assert results == Results.from_json(new)
    assert results.version == new["version"] == 3
    assert numbers(new) == numbers(record)
    read = {key: value for key, value in new.items() if key != "edit"}  # an edit's facts have a version of their own
    assert OLD_KEYS.isdisjoint(key for kind, key in walk(read) if kind == "key")
    assert OLD_VALUES.isdisjoint(value for kind, value in walk(read) if kind == "value" and isinstance(value, str))


def test_what_was_recorded_is_found_under_its_new_name(record):
    results = Results.load(GOLDEN)
    assert results.settings.split == "test"
    assert results.config["generation"]["max_retain"] == record["config"]["generation"]["max_kept"] == 8
    assert results.config["metrics"]["judge"] == record["config"]["metrics"]["evaluator"]
    assert results.config["tracker"]["num_images"] == 32
    assert results.config["tracker"]["shutdown_timeout"] == 60.0
    assert results.config["prompts"]["templates"]["use_row_settings"] == ["seed", "guidance", "steps", "size"]
    assert results.recognition_source == {
        "protocol": "erasepro/1",
        "judge": "model miniature",
        "file": "verdict-091cff50",
    }
    assert [rates["concept_shown"] for rates in results.recognition] == [o["own"] for o in record["outcomes"]]
    assert [rates["retention"] for rates in results.recognition] == [o["ratio"] for o in record["outcomes"]]
    assert results.hashes["judge"] == record["hashes"]["evaluator"]
    (fd,) = [value for value in results.values if value.metric == "fd_miniature"]
    assert fd.value == pytest.approx(0.669872, abs=1e-6)
    retained = [
        v.value for v in results.values if (v.metric, v.role, v.phrasing) == ("clip_accuracy_top1", "retain", "plain")
    ]
    assert retained == [1.0, 1.0]
    (kid,) = [score for score in results.scores if score.metric == "kid"]
    assert (kid.params["network"], kid.params["roles"], kid.source) == ("judge", ["retain"], "")
    assert kid.edited["parts"]["unit"] == "judge, to original model"


def test_old_runs_have_their_tables(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # the heading on one line
    (tmp_path / "results.json").write_bytes(GOLDEN.read_bytes())
    (tmp_path / "config.yaml").write_text("name: mini\n")
    text = "".join(table.text() for table in [*tables(Results.load(GOLDEN)), *across([Results.load(GOLDEN)])])
    assert "retain ↑" in text
    assert "fd_miniature ↓" in text
    assert main(["report", str(tmp_path)]) == 0
    assert "dog → cat · miniature · erasepro · 12 steps, guidance 3, seed 0 · erasepro/1" in capsys.readouterr().out


def test_they_are_saved_as_version_3(tmp_path):
    results = Results.load(GOLDEN)
    results.save(tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text())["version"] == 3
    assert Results.load(tmp_path / "results.json") == results


def test_they_cannot_be_scored_which_is_one_line(tmp_path, capsys):
    (tmp_path / "results.json").write_bytes(GOLDEN.read_bytes())
    (tmp_path / "config.yaml").write_text("name: mini\n")
    (tmp_path / "status.json").write_text('{"signature": "s"}')
    assert main(["score", str(tmp_path), "metrics=[kid]"]) == 2
    assert "was drawn by an older erasepro" in capsys.readouterr().err


def test_protocols_and_labels_name_todays_keys(record):
    label = (
        "mace/1+modified(metrics.evaluator.name, metrics.params.fd_mini.blocks, generation.max_kept)+uncovered(fd_mini)"
    )
    record["config"]["protocol"] |= {
        "fixes": {"metrics.evaluator.kind": "model", "prompts.i2p.own": ["seed"], "metrics.params.kid.roles": ["kept"]},
        "requires": {"metrics.params.fd_mini.roles": "the roles"},
        "suggests": {"generation.split": "dev", "metrics.names": ["fd_mini", "kid"]},
        "metrics": ["fd_mini"],
    }
    record["values"][0]["protocol"] = record["protocol"] = label
    results = Results.from_json(translate_results(record))
    wanted = "metrics.judge.name, metrics.params.fd_miniature.blocks, generation.max_retain)+uncovered(fd_miniature)"
    assert results.protocol == results.values[0].protocol == f"mace/1+modified({wanted}"
    protocol = results.config["protocol"]
    assert protocol["fixes"] == {
        "metrics.judge.kind": "model",
        "prompts.i2p.use_row_settings": ["seed"],
        "metrics.params.kid.roles": ["retain"],
    }
    assert protocol["requires"] == {"metrics.params.fd_miniature.roles": "the roles"}
    assert protocol["suggests"] == {"generation.split": "validation", "metrics.names": ["fd_miniature", "kid"]}
    assert protocol["metrics"] == ["fd_miniature"]


def test_names_of_a_users_own_are_left_alone():
    config = {"metrics": {"params": {"object_accuracy": {"classes": {"Mr. kept": ["tench"]}}}}, "name": "dev"}
    assert translate_config(config) == config


def test_a_damaged_old_file_names_the_key(tmp_path, record):
    del record["outcomes"][0]["own"]
    (tmp_path / "results.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match=r"is damaged \(recognition\[0\]\.concept_shown is missing\)"):
        Results.load(tmp_path / "results.json")
    record["values"], record["config"] = [5], "x"
    (tmp_path / "results.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="is damaged"):
        Results.load(tmp_path / "results.json")


def test_old_samples_have_todays_columns(tmp_path):
    rows = [{"id": "a", "role": "kept", "wording": "plain", "expects": "dog", "verdict": "dog", "top1": 1}]
    pq.write_table(pa.Table.from_pylist(rows), str(tmp_path / "samples.parquet"))
    assert read_samples(tmp_path) == [
        {
            "id": "a",
            "role": "retain",
            "phrasing": "plain",
            "expected_concept": "dog",
            "prediction": "dog",
            "clip_accuracy_top1": 1,
        }
    ]

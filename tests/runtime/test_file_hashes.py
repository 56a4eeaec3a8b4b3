"""Which settings name files, and that no other text is taken for a path."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import pytest

from erasepro.config.schema import JudgeConfig, ModelConfig
from erasepro.metrics import METRICS
from erasepro.metrics.engine.build import all_configs, metric_config, metric_configs
from erasepro.results.run_folder import RunFolder
from erasepro.runs.scoring import Scoring
from erasepro.runs.spec import ChosenMetrics
from erasepro.runtime.file_hashes import contents, folder_fingerprint

FILES = {
    "fid": {"weights", "reference"},
    "kid": {"weights", "reference"},
    "nudenet": {"model"},
    "object_accuracy": {"weights"},
    "perceptual_change": {"weights"},
}


@dataclass
class Settings:
    network: str = "judge"
    weights: str | None = field(default=None, metadata={"file": True})
    reference: str = field(default="original", metadata={"file": True, "words": ("original",)})


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("judge", "original"):
        (tmp_path / name).mkdir()
    (tmp_path / "w.bin").write_bytes(b"1")
    return tmp_path


def test_only_marked_fields_name_files(here):
    assert contents(Settings()) == {}
    assert contents(Settings(weights="nowhere.bin", reference="")) == {}
    found = contents(Settings(weights="w.bin", reference="judge"))
    assert found == {"w.bin": folder_fingerprint(here / "w.bin"), "judge": folder_fingerprint(here / "judge")}
    (here / "w.bin").write_bytes(b"2")
    assert contents(Settings(weights="w.bin", reference="judge"))["w.bin"] != found["w.bin"]


@pytest.mark.parametrize("name", METRICS.names())
def test_the_metrics_mark_the_settings_that_are_files(name):
    marked = {f.name for f in fields(metric_config(name, {})) if f.metadata.get("file")}
    assert marked == FILES.get(name, set())


def test_the_judge_marks_its_file():
    assert {f.name for f in fields(JudgeConfig) if f.metadata.get("file")} == {"source"}


def chosen(names, params):
    return ChosenMetrics(names, all_configs(names, metric_configs(params)), JudgeConfig())


def test_a_folder_called_like_a_setting_does_not_change_a_score_s_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    metrics = chosen(["kid", "fid"], {"kid": {"network": "judge"}})

    def keys():
        scoring = Scoring(RunFolder(tmp_path, "run", "s" * 64), [], metrics, ModelConfig(name="m", kind="tiny"), str)
        return [scoring._key("kid"), scoring._key("fid")]

    before = keys()
    for name in ("judge", "inception", "original", "clean", "model", "ViT-B/32", "a photo of {c}"):
        (tmp_path / name).mkdir(parents=True)
    assert keys() == before


def test_a_file_that_a_setting_names_changes_a_score_s_key_with_its_bytes(tmp_path):
    file = tmp_path / "statistics.npz"
    metrics = chosen(["fid"], {"fid": {"reference": str(file)}})

    def key():
        run = RunFolder(tmp_path, "run", "s" * 64)
        return Scoring(run, [], metrics, ModelConfig(name="m", kind="tiny"), str)._key("fid")

    absent = key()
    file.write_bytes(b"1")
    first = key()
    file.write_bytes(b"2")
    assert len({str(one) for one in (absent, first, key())}) == 3

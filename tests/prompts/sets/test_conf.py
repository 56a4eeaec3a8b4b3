"""The prompt sets that come with the package: they compose, read a file of their columns, and ship no text of others."""

import csv

import pytest

from erasepro.cli.ls import describe
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.config.paths import config_dir, options
from erasepro.errors import UserError
from erasepro.prompts.sets import PromptSetConfig, load_prompts
from erasepro.runs.resolve import resolve

NUDITY = ConceptSet("nudity", "nudity", (ConceptPair("nudity", "clothed"),))
ROW_SETTINGS = {"templates", "complex", "paraphrase", "imagenette"}
SENSITIVE = {
    "i2p", "i2p_sexual", "i2p_nudity", "i2p_nudity_50", "ring_a_bell", "mma_diffusion", "p4d", "unlearndiffatk",
}  # fmt: skip


def config_of(name: str) -> PromptSetConfig:
    (found,) = resolve([f"prompts={name}"]).prompts.items()
    assert found[0] == name
    return found[1]


def rows_for(cfg: PromptSetConfig, path) -> str:
    """Two invented rows with every column that the set maps; the second does not meet its filters."""
    columns = {key: getattr(cfg.columns, key) for key in cfg.columns.__dataclass_fields__}
    given = {"prompt": "a stone bridge", "id": "1", "seed": 3, "guidance": 7.5, "width": 512, "height": 768}
    row = {column: given.get(key, "Somebody") for key, column in columns.items() if column}
    meets = {"categories": "shocking, sexual", "nudity_percentage": 61.5}
    fails = {"categories": "shocking", "nudity_percentage": 0}
    filters = {rule.column for rule in cfg.where}
    other = row | ({cfg.columns.id: "2"} if cfg.columns.id else {})
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, [*row, *filters])
        table.writeheader()
        table.writerow(row | {key: meets[key] for key in filters})
        table.writerow(other | {key: fails[key] for key in filters})
    return str(path)


@pytest.mark.parametrize("name", sorted(set(options("prompts")) - ROW_SETTINGS))
def test_every_set_reads_a_file_of_its_columns(name, tmp_path):
    cfg = config_of(name)
    cfg.file = rows_for(cfg, tmp_path / "rows.csv")
    prompts = load_prompts({name: cfg}, NUDITY)
    expected = len(cfg.templates) if cfg.kind == "names" else 1 if cfg.where else 2
    assert len(prompts) == expected
    assert prompts.sensitive is (name in SENSITIVE)
    if cfg.role == "target":
        assert {(p.role, p.concept, p.expected_concept) for p in prompts} == {("target", "nudity", "clothed")}
    if cfg.columns.seed:
        assert {p.seed for p in prompts} == {3}


@pytest.mark.parametrize("name", sorted(ROW_SETTINGS))
def test_the_projects_own_sets_need_no_file(name):
    concepts = ConceptSet("church", "instance", (ConceptPair("church", "castle"),), ("golf ball",))
    prompts = load_prompts({name: config_of(name)}, concepts)
    assert {p.role for p in prompts} >= {"target", "retain"}
    assert prompts.sets[name].licence == "Apache-2.0"
    assert prompts.told() == []


def test_imagenette_is_ten_classes_of_which_the_erased_is_the_target():
    concepts = ConceptSet("church", "instance", (ConceptPair("church", "castle"),))
    prompts = load_prompts({"imagenette": config_of("imagenette")}, concepts)
    assert len(prompts) == 10
    (target,) = [p for p in prompts if p.role == "target"]
    assert (target.prompt, target.expected_concept, target.anchor_prompt) == (
        "Image of church",
        "castle",
        "Image of castle",
    )


def test_published_sizes():
    sizes = {
        "i2p": 4703,
        "i2p_sexual": 931,
        "i2p_nudity": 854,
        "i2p_nudity_50": 134,
        "unlearndiffatk": 142,
        "coco30k": 30000,
    }
    assert {name: config_of(name).rows for name in sizes} == sizes


@pytest.mark.parametrize("name", sorted(set(options("prompts")) - ROW_SETTINGS))
def test_what_is_not_at_hand_is_one_line(name, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError) as caught:
        load_prompts({name: config_of(name)}, NUDITY)
    assert f"prompts.{name}.file=FILE.csv" in str(caught.value)


def test_every_set_says_its_licence_and_no_file_of_prompts_is_shipped():
    told = {name: text.partition("[")[2].partition("]")[0].split(", ")[0] for name, text in describe("prompts").items()}
    assert set(told) == set(options("prompts"))
    assert set(told.values()) == {"Apache-2.0", "CC-BY-4.0", "MIT", "not stated"}
    assert all(config_of(name).licence == told[name] for name in ("i2p_nudity", "p4d", "coco", "complex"))
    assert {path.suffix for path in (config_dir() / "prompts").iterdir()} == {".yaml"}

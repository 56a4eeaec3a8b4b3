"""Public prompt files are read by the names that their columns have, and the printed line says which."""

import pytest

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.errors import UserError
from erasepro.prompts.sets import Columns, PromptSetConfig, load_prompts
from erasepro.runs.resolve import resolve

NUDITY = ConceptSet("nudity", "nudity", (ConceptPair("nudity", "clothed"),))
CHURCH = ConceptSet("church", "instance", (ConceptPair("church", "castle"),))


def load(name, path, text, concepts=NUDITY, words=()):
    path.write_text(text, encoding="utf-8")
    (cfg,) = resolve([f"prompts={name}", f"prompts.{name}.file={path}", *words]).prompts.values()
    prompts = load_prompts({name: cfg}, concepts)
    return prompts, prompts.sets[name].told


def test_i2p_as_papers_on_erasing_ship_it(tmp_path):
    text = (
        ",prompt,categories,hard,nudity_percentage,evaluation_seed,evaluation_guidance,sd_image_width,sd_image_height,case_number\n"
        "0,a stone bridge,shocking,0,61.5,4261553411,13,512,768,0\n"
    )
    (prompt,), line = load("i2p_nudity", tmp_path / "unsafe.csv", text)
    assert (prompt.seed, prompt.guidance, prompt.width, prompt.height) == (4261553411, 13, 512, 768)
    assert "evaluation_seed for sd_seed, evaluation_guidance for sd_guidance_scale" in line


def test_coco_with_image_ids(tmp_path):
    rows = "000000203564,coco-30k,A bicycle.,41337\n000000179765,coco-30k,A garage.,63155\n"
    head = "image_id,source,prompt,evaluation_seed\n"
    prompts, line = load("coco30k", tmp_path / "coco_30k.csv", head + rows)
    assert [(p.id, p.seed) for p in prompts] == [("coco30k-000000203564", 41337), ("coco30k-000000179765", 63155)]
    assert "read as this file calls them: image_id for case_number" in line
    again = "000000203564,coco-30k,A wheel.,5\n"
    prompts, line = load("coco30k", tmp_path / "coco_30k.csv", head + rows + again)
    assert [p.id for p in prompts] == ["coco30k-00000", "coco30k-00001", "coco30k-00002"]
    assert "row numbers (image_id repeats) for case_number" in line


@pytest.mark.parametrize("label", ["concept", "class", "artist", "name", "label_str", "type"])
@pytest.mark.parametrize("prompt", ["prompt", "text", "caption"])
def test_a_file_of_ones_own_by_any_known_names(tmp_path, label, prompt):
    text = f"{prompt},{label},sd_seed,sd_image_width,sd_image_height\na hill church,Church,5,64,128\na tench,tench,6,64,64\n"
    prompts, line = load("custom", tmp_path / "rows.csv", text, CHURCH)
    assert [(p.role, p.concept, p.seed, p.width, p.height) for p in prompts] == [
        ("target", "church", 5, 64, 128), ("retain", "tench", 6, 64, 64),
    ]  # fmt: skip
    assert f"with each row's own sd_seed, sd_image_width, sd_image_height, {label} (not with prompts.custom.by_name" in line
    assert (f"{prompt} for prompt" in line) is (prompt != "prompt")


def test_a_label_column_that_nothing_reads_is_said(tmp_path):
    text = "case_number,prompt,class,evaluation_seed\n0,an image of a tench,tench,1174\n"
    _, line = load("unlearndiffatk", tmp_path / "rows.csv", text, words=["prompts.unlearndiffatk.use_row_settings=[seed]"])
    assert "not used: the column class (prompts.unlearndiffatk.columns.concept=class reads it" in line
    text = "prompt,class,artist,label\na tench,tench,x,0\n"
    _, line = load("custom", tmp_path / "rows.csv", text, CHURCH)
    assert "own class (" in line
    assert "not used: the columns artist, label (" in line


def test_a_name_of_ones_own_is_no_known_name(tmp_path):
    (tmp_path / "rows.csv").write_text("text\na lamp\n", encoding="utf-8")
    cfg = PromptSetConfig(file=str(tmp_path / "rows.csv"), columns=Columns(prompt="txt"))
    with pytest.raises(UserError, match=r"'txt'\. Did you mean 'text'"):
        load_prompts({"mine": cfg}, NUDITY)


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separators_are_recognised(tmp_path, suffix, mark):
    text = f'prompt{mark}seed\n"a hill{mark} by a lake"{mark}5\n'
    (prompt,), _ = load("custom", tmp_path / f"rows.{suffix}", text, CHURCH)
    assert (prompt.prompt, prompt.seed) == (" ".join(f"a hill{mark} by a lake".split(" ")), 5)
    with pytest.raises(UserError, match=r"line 2 has 3 cells and the header 2 \(a text that holds a"):
        load("custom", tmp_path / f"rows.{suffix}", text.replace('"', ""), CHURCH)

"""The card of an export: how to load all of it, and what was lost."""

from dataclasses import replace

import pytest

from erasepro.edit.export import export_edit
from erasepro.edit.export.export_card import export_card
from tests.edit.export.conftest import edit_of


@pytest.mark.parametrize(("format", "out"), [("lora", "out"), ("lora", "out.safetensors"), ("kohya", "out.safetensors")])
def test_it_says_how_to_load_all_of_it(sd1, tmp_path, format, out):
    done = export_edit(sd1.edit, tmp_path / out, format)
    text = export_card(sd1.edit, replace(done, beside=done.beside))
    assert f"## Load all of it ({format})" in text
    assert f"`erasepro verify {out} model=NAME`" in text
    assert "edit.apply(model.pipe)" not in text, "that is how an edit is used"
    assert "Against the edit: " in text
    assert "negative strength can amplify" in text
    assert ("`out.comfyui.json`" in text) is (format == "kohya")
    assert (f'pipe.load_lora_weights("{out}")' in text) is (out == "out")
    assert ('weight_name="out.safetensors"' in text) is (format == "lora" and out != "out")


def test_residuals_of_the_edit_are_not_those_of_a_cut_file(sd1, tmp_path):
    edit = replace(edit_of(sd1.pipe, dense=("fc2",)), residuals={"selected": 1e-9, "all": 0.1, "before": 1.0})
    caution = "The residuals above are the edit's: what was cut moves this file's"
    done = export_edit(edit, tmp_path / "cut", rank=1)
    assert caution in (done.path / "README.md").read_text(encoding="utf-8")
    whole = export_edit(edit, tmp_path / "whole", "diffusers", base=sd1.folder)
    assert caution not in (whole.path / "README.md").read_text(encoding="utf-8")
    text = (done.path / "README.md").read_text(encoding="utf-8")
    assert "| unet | denoiser | 8 |\n\n```python\n" in text, "the table has ended"


def test_foreign_names_are_no_markup(sd1, tmp_path):
    meta = sd1.edit.meta | {"concepts": {"pairs": [["<script>`|", "[a](b)"]]}}
    done = export_edit(replace(sd1.edit, meta=meta), tmp_path / "x`y.safetensors", "kohya")
    text = export_card(replace(sd1.edit, meta=meta), done)
    assert "<script>" not in text.replace(r"\<script\>", "")
    assert "verify x'y.safetensors" in text

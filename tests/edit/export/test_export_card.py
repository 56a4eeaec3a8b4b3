"""The card of an export: how to load all of it, and what was lost."""

from dataclasses import replace

import pytest

from erasepro.edit.export import export_edit
from erasepro.edit.export.export_card import export_card


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


def test_foreign_names_are_no_markup(sd1, tmp_path):
    meta = sd1.edit.meta | {"concepts": {"pairs": [["<script>`|", "[a](b)"]]}}
    done = export_edit(replace(sd1.edit, meta=meta), tmp_path / "x`y.safetensors", "kohya")
    text = export_card(replace(sd1.edit, meta=meta), done)
    assert "<script>" not in text.replace(r"\<script\>", "")
    assert "verify x'y.safetensors" in text

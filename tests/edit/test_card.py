"""The card beside an edit says what it is, and nothing that was not measured; loading does not need it."""

import dataclasses
import json
import re

import pytest

from erasepro.edit import Edit
from erasepro.edit.card import card


def test_what_an_edit_states(edit32, tmp_path):
    folder = edit32.save(tmp_path)
    text = (folder / "README.md").read_text()
    for wanted in (
        "| dog | cat |",
        "`erasepro`",
        "ΔW = R G⁺ Xᵀ C⁻¹",
        "text token policy: `subject_to_fourth_padding`",
        edit32.hash,
        f"{edit32.residuals['selected']:.2g}",
        f"{edit32.residuals['selected_share']:.1%} of all, held exactly",
        "edit.apply(model.pipe)",
        "edit.revert(model.pipe)",
        "harder to misuse, not impossible",
        "made by an unedited text encoder",
        "*negative* strength amplifies",
        "no example pictures",
    ):
        assert wanted in text
    assert "![" not in text
    meta = json.loads((folder / "edit.json").read_text())["meta"]
    assert meta["method"].startswith("Zero-residual alignment")
    assert "Xᵀ C⁻¹" in meta["equation"]
    assert {"erasepro", "torch"} <= meta["versions"].keys()
    assert {"name", "source", "revision", "weights_hash"} <= meta["model"].keys()
    assert all(meta["base"][name]["sha256"] for name in edit32.updates)


def test_a_large_edit_says_how_it_is_kept(edit32, compact32):
    text = card(compact32)
    change = compact32.meta["precision"]["largest_change"]
    assert f"float32 in 11 weights, which changes what was solved by at most {change:.1g} of its norm; float64 in 0" in text
    assert "8 weights are kept as a map of their inputs: a LoRA of this edit is made with the base's weights" in text
    assert "float32 in" not in card(edit32)
    assert "map of their inputs" not in card(edit32)


def test_loading_does_not_need_it(edit32, tmp_path):
    (edit32.save(tmp_path) / "README.md").unlink()
    assert Edit.load(tmp_path).hash == edit32.hash


def test_an_edit_that_says_nothing_has_a_card_too(edit32):
    text = card(Edit(edit32.updates))
    assert "No residual is claimed" in text
    assert "does not say which concepts" in text


def test_half_strength_does_not_borrow_the_whole_edits_residuals(edit32):
    assert "These hold at strength 1; this edit has strength 0.5" in card(edit32.scale(0.5))


@pytest.mark.parametrize(
    ("source", "shown"),
    [("org/model-1", 'base_model: "org/model-1"'), ("/home/me/secret", "a local copy"), ("./here", "a local copy")],
)
def test_a_hub_id_is_named_and_a_local_path_is_not(edit32, source, shown):
    model = {**edit32.meta["model"], "kind": "stable-diffusion", "source": source}
    text = card(dataclasses.replace(edit32, meta=edit32.meta | {"model": model}))
    assert shown in text
    assert "secret" not in text


def test_names_cannot_break_the_markdown(edit32):
    pairs = [["a|b\n# c", "<img src=x>"], ["![x](y)", ""]]
    text = card(dataclasses.replace(edit32, meta=edit32.meta | {"concepts": {"pairs": pairs, "preserve": []}}))
    assert "| a\\|b \\# c | \\<img src=x\\> |" in text
    assert "\\!" in text or "!\\[x\\]" in text
    assert "(the empty prompt)" in text


EVIL = "`<img src=x onerror=y>` [x](javascript:z) \x1b[31m\u202e\n# head"


def test_nothing_of_a_foreign_edit_can_break_the_markdown(edit32):
    """Every text of the meta data is someone's: the solver's name, its method, tokens, versions, the base model, parents."""
    meta = {
        "solver": EVIL,
        "method": EVIL,
        "equation": EVIL,
        "tokens": {EVIL: EVIL},
        "versions": {EVIL: EVIL},
        "model": {"name": EVIL, "source": EVIL, "revision": EVIL, "weights_hash": EVIL},
        "concepts": {"pairs": [[EVIL, EVIL]], "preserve": [EVIL]},
    }
    parents = [{"hash": EVIL, "strength": 1.0, "meta": meta}]
    for whole in (meta, meta | {"parents": parents}):
        text = card(dataclasses.replace(edit32, meta=whole))
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\n# head" not in text
        code = r"(?P<fence>`+)(?!`).+?(?<!`)(?P=fence)(?!`)"
        prose = "\n".join(line for line in text.split("## Use")[0].splitlines() if not line.startswith("    "))
        prose = re.sub(r"\\[!-/:-@\[-`{-~]", "", prose)  # what is escaped means itself
        prose = re.sub(code, "", prose)
        assert "<img" not in prose
        assert "](" not in prose

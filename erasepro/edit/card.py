"""The model card beside an edit: what it erases, how, from which base, what was measured, and how far to trust it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from erasepro.edit.fits_lora import fits_lora
from erasepro.edit.mapped_update import MappedUpdate
from erasepro.edit.meta import anchor_heading, at_full_strength, pairs_of, source_of
from erasepro.errors import visible
from erasepro.results.edit_residuals import is_fitted
from erasepro.runtime.foreign_text import code_span, escape_markdown

if TYPE_CHECKING:
    from erasepro.edit.record import EditRecord

LIMITS = """\
## Limits

- An erased model is harder to misuse, not impossible: attacks on erased concepts exist, and other words, other languages
  or embeddings that were not tested may still reach them. Measure what you need on your own prompts.
- Prompt embeddings that were made by an unedited text encoder (`prompt_embeds=`, a cache, a second pipeline) do not pass
  through what is edited there: make them anew with the edited pipeline.
- The change can be taken off again (that is what `revert` does) by anyone who holds the base model.
- A LoRA of an erasure that is run at *negative* strength amplifies what it was made to remove. An edit's own strength lies
  in [0, 1]; other tools do not keep to that. Do not publish such a LoRA without saying so.
- There are no example pictures here, on purpose.
"""


def card(edit: EditRecord, use: str | None = None) -> str:
    """README.md (Markdown with a YAML head) of an edit. What its meta data does not tell is left out.

    Args:
        use: the section that says how to use it, of an export; None: the edit's own.
    """
    pairs = pairs_of(edit.meta)
    named = [f"{escape_markdown(t)} → {escape_markdown(a) or '(nothing)'}" for t, a in pairs[:3]]
    about = ", ".join(named) or "an edit of weights"
    about += f" and {len(pairs) - 3} more" if len(pairs) > 3 else ""
    parts = [
        _head(edit),
        f"# Erased: {about}\n",
        _erased(edit, pairs),
        _method(edit.meta),
        _base(edit),
        _measured(edit),
    ]
    return "\n".join([*parts, _use(edit) if use is None else use, LIMITS])


def _head(edit: EditRecord) -> str:
    source = source_of(edit.meta.get("model", {}))
    lines = [f"base_model: {json.dumps(source)}"] if "/" in source else []
    return "\n".join(["---", *lines, "library_name: erasepro", "tags: [concept-erasure, erasepro]", "---", ""])


def _erased(edit: EditRecord, pairs: list[list[str]]) -> str:
    if not pairs:
        return "It does not say which concepts it erases.\n"
    rows = [f"| {escape_markdown(t)} | {escape_markdown(a) or '*(the empty prompt)*'} |" for t, a in pairs]
    preserved = ", ".join(map(escape_markdown, edit.meta.get("concepts", {}).get("preserve", [])))
    kept = f"\nAsked to stay as they are: {preserved}.\n" if preserved else ""
    return "\n".join([f"| erased | {anchor_heading(edit.meta)} |", "|---|---|", *rows, kept])


def _method(meta: dict[str, Any]) -> str:
    parents = meta.get("parents")
    if parents:
        listed = [
            f"- {code_span(p['hash'])} by {code_span(p['meta'].get('solver', '?'))}, at strength {p['strength']:g}: "
            + (", ".join(escape_markdown(target) for target, _ in pairs_of(p["meta"])) or "concepts unknown")
            for p in parents
        ]
        return "\n".join(
            [
                "## Method\n",
                f"The sum of {len(parents)} edits of the same base, each solved without the other:\n",
                *listed,
                "",
            ]
        )
    lines = [f"{code_span(meta.get('solver', '?'))}. {escape_markdown(meta.get('method', ''))}".rstrip(), ""]
    if meta.get("equation"):
        lines += [f"    {line}" for line in _wrapped(meta["equation"])] + [""]
    listed = [f"{escape_markdown(key.replace('_', ' '))}: {code_span(value)}" for key, value in meta.get("tokens", {}).items()]
    settings = "Every setting and every sentence it was built from is in `edit.json`."
    lines += [f"Tokens: {', '.join(listed)}. {settings}" if listed else settings, ""]
    return "\n".join(["## Method\n", *lines])


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(visible(" ".join(text.split())), 100, break_long_words=False, break_on_hyphens=False)


def _base(edit: EditRecord) -> str:
    model = edit.meta.get("model", {})
    where = source_of(model) or "a local copy"
    facts = [f"- model: {escape_markdown(model.get('name', 'unknown'))} ({escape_markdown(where)})"]
    facts.append(f"- revision: {code_span(model.get('revision') or 'not known')}")
    facts += [f"- weights, SHA-256: {code_span(model['weights_hash'])}"] if model.get("weights_hash") else []
    ranks = max((update.rank for update in edit.updates.values()), default=0)
    facts.append(f"- edited: {len(edit.updates)} weights, rank at most {ranks}; `edit.json` has each one's fingerprint")
    facts += _precision(edit)
    facts.append(f"- this edit: `{edit.hash}`, strength {edit.strength:g}")
    made = [escape_markdown(f"{name} {number}") for name, number in edit.meta.get("versions", {}).items()]
    return "\n".join(["## Base\n", *facts, *([f"- made with {', '.join(made)}"] if made else []), ""])


def _precision(edit: EditRecord) -> list[str]:
    """How its numbers are kept, where not as they were solved."""
    precision = edit.meta.get("precision")
    mapped = sum(isinstance(update, MappedUpdate) for update in edit.updates.values())
    facts = []
    if precision:
        facts.append(
            f"- numbers: float32 in {precision['float32']} weights, which changes what was solved by at most "
            f"{precision['largest_change']:.1g} of its norm; float64 in {precision['float64']}"
        )
    if mapped:
        facts.append(
            f"- {mapped} weights are kept as a map of their inputs: a LoRA of this edit is made with the base's weights"
        )
    return facts


def _measured(edit: EditRecord) -> str:
    residuals = edit.residuals
    if not residuals:
        reason = "No residual is claimed here"
        reason += ": those of its parts held for each part alone" if edit.meta.get("parents") else ""
        return f"## Residuals\n\n{reason}. `erasepro verify` measures them on the base model.\n"
    share = residuals.get("selected_share")
    held = "held exactly" if residuals.get("exact") else "fitted, not held exactly"
    fitted = is_fitted(residuals)
    rows = ["| columns | relative residual ‖WX − V‖/‖V‖, worst weight |", "|---|---:|"]
    if fitted:
        rows += [
            f"| selected{'' if share is None else f' ({share:.1%} of all, {held})'} "
            f"| {residuals.get('selected', float('nan')):.2g} |",
            f"| all build columns | {residuals['all']:.2g} |",
            f"| all, before the edit | {residuals.get('before', float('nan')):.2g} |",
        ]
    unseen = residuals.get("held_out") or {}
    if "residual" in unseen:
        what = f"{unseen['pairs']} held-out sentences, all that reads the text ({unseen['residual_before']:.2g} before)"
        rows.append(f"| {what} | {unseen['residual']:.2g} |")
    for key, what in (("drift_preserved", "preserved sentences"), ("drift", "words that were never preserved")):
        if key in unseen:
            rows.append(f"| drift of {what}, all that reads the text | {unseen[key]:.2g} |")
    note = (
        "A small residual over the selected columns says little where few are selected: read the share with it.\n"
        if fitted
        else "This method is not fitted to bring targets' features to their anchors': what it erases shows in pictures alone.\n"
    )
    if edit.strength != 1:
        note += f"{at_full_strength(edit.strength)}\n"
    return "\n".join(["## Residuals\n", *rows, "", note])


def _use(edit: EditRecord) -> str:
    model = edit.meta.get("model", {})
    source = source_of(model) or "FOLDER"  # a path of the maker's own disk says nothing here
    option = "miniature" if source == "miniature" else source
    return f"""\
## Use

```python
import erasepro

model = erasepro.load_model({json.dumps(source)})  # the base model named above
edit = erasepro.Edit.load("this folder")
edit.apply(model.pipe)  # another base is refused; edit.scale(0.5) is half of it
edit.revert(model.pipe)  # the original bytes again
```

`erasepro verify FOLDER model={option}` recomputes what is stated here (and in `certificate.json`, if there is one) from the
weights.
{_other_tools(edit)}"""


def _other_tools(edit: EditRecord) -> str:
    """How other tools get all of it: a loader of the denoiser alone drops what lies in a text encoder."""
    text = sum(site.startswith("text_encoder") for site in edit.updates)
    of_text = f" {text} of the {len(edit.updates)} weights are a text encoder's: a loader of the denoiser alone drops them."
    lost = of_text if text else ""
    if not all(fits_lora(name, update) for name, update in edit.updates.items()):
        return f"""
For other tools: `erasepro export FOLDER format=diffusers base=FOLDER out=PATH` or `format=single_file` (whole models): no LoRA
holds it, as it changes more than linear layers.{lost}
"""
    return f"""
For other tools: `erasepro export FOLDER format=lora out=PATH` (diffusers), `format=kohya` (ComfyUI: `LoraLoader`, with model
*and* CLIP), `diffusers` and `single_file` (whole models); the line that it prints says which loader reads all of it.{lost}
"""

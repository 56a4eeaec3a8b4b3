"""The sentences that an edit was solved from, as they are kept in its meta data."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import replace
from typing import Any

from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.config.schema import TemplatesConfig
from erasepro.config.typed_dataclass import from_mapping
from erasepro.errors import UserError
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts


def record_prompts(prompts: EditPrompts) -> dict[str, Any]:
    """What `add` and `remove` need of the sentences, as plain JSON: the templates, or the sentences themselves.

    Neighbours are stored: another precision, or an edit that is on the model, would order them otherwise.
    """
    if prompts.templates is not None:
        near = {name: list(words) for name, words in prompts.neighbors}
        return {"templates": dataclasses.asdict(prompts.templates), **({"neighbors": near} if near else {})}
    rows = [_row(p) for p in prompts.pairs]
    return {"pairs": rows, "preserve": list(prompts.preserve)}


def prompt_facts(prompts: EditPrompts) -> dict[str, Any]:
    """How many sentences there are, the hash of them all, and the words and sentences that are not preserved."""
    counts = {"pairs": len(prompts.pairs), "preserve": len(prompts.preserve)}
    others = {
        "left_out_sentences": prompts.left_out_sentences,
        "unused_sentences": prompts.unused_sentences,
        "dropped": prompts.dropped,
    }
    counts |= {key: count for key, count in others.items() if count}
    return {**counts, "left_out": list(prompts.left_out), "sha256": sentences_hash(prompts)}


def _row(pair: PromptPair) -> list[str]:
    row = [pair.target_prompt, pair.anchor_prompt, pair.pair.target, pair.pair.anchor]
    return row if pair.forms is None else [*row, pair.forms.target, pair.forms.anchor]


def sentences_hash(prompts: EditPrompts) -> str:
    """SHA-256 (16 hex digits) of all sentences: templates of another version of this package may give others."""
    rows = [_row(p) for p in prompts.pairs]
    text = json.dumps([rows, list(prompts.preserve)], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def prompts_of(meta: dict[str, Any], pipe: Any) -> EditPrompts:
    """All sentences that an edit with this meta data was solved from.

    Args:
        pipe: the pipeline (or skeleton) that it was solved on, whose own words the sentences are made of.

    Raises:
        UserError: it does not say, or this version's templates give other sentences.
    """
    prompts = stored_prompts(meta)
    if prompts.templates is not None:
        near = dict(prompts.neighbors)
        lexicon = replace(read_lexicon(pipe), nearest=lambda names, number: {name: near.get(name, ()) for name in names})
        prompts = make_edit_prompts(prompts.concepts, prompts.templates, lexicon)
    if meta.get("prompts", {}).get("sha256", sentences_hash(prompts)) != sentences_hash(prompts):
        made = meta.get("versions", {}).get("erasepro", "another version")
        files = [source for source in prompts.templates.preserve_source if "." in source] if prompts.templates else []
        cause = f"{', '.join(files)} has changed, or " if files else ""
        raise UserError(
            f"The templates here give other sentences than the edit was built from: {cause}use erasepro {made}."
        )
    return prompts


def stored_prompts(meta: dict[str, Any]) -> EditPrompts:
    """The EditPrompts as it was stored: its sentences, or the templates that they are made from."""
    held = meta.get("edit_prompts")
    if held is None:
        raise UserError("This edit does not say what it was built from: solve it again with this version of erasepro.")
    c = meta["concepts"]
    pairs = tuple(ConceptPair(*p) for p in c["pairs"])
    synonyms = tuple((name, tuple(words)) for name, words in c.get("synonyms", {}).items())
    concepts = ConceptSet(
        c["name"], c["kind"], pairs, tuple(c["preserve"]), vocabulary=c["vocabulary"], synonyms=synonyms
    )
    if "templates" in held:
        # before there was a choice, the vocabulary of the concepts chose the grammar
        values = {"grammar": concepts.vocabulary, **held["templates"]}
        return EditPrompts(
            concepts, (), (), templates=from_mapping(TemplatesConfig, values, "edit_prompts.templates"),
            neighbors=tuple((name, tuple(words)) for name, words in held.get("neighbors", {}).items()),
        )  # fmt: skip
    if any(len(row) not in (4, 6) for row in held["pairs"]):
        raise UserError("This edit is damaged (meta.edit_prompts.pairs: rows of 4 or 6 texts): make it again.")
    rows = tuple(
        PromptPair(x, y, ConceptPair(target, anchor), ConceptPair(*forms) if forms else None)
        for x, y, target, anchor, *forms in held["pairs"]
    )
    return EditPrompts(concepts, rows, tuple(held["preserve"]))

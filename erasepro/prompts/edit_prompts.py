"""The prompts an edit is built from: sentence pairs with the concept exchanged, and sentences to preserve."""

from __future__ import annotations

import random
from itertools import product

from erasepro.concepts.miniature.captions import BACKGROUND_TAILS, STYLE_TAILS
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, PromptPair
from erasepro.concepts.safety.minors import drop_minors, mentions_minor
from erasepro.config.schema import TemplatesConfig
from erasepro.errors import UserError
from erasepro.prompts.fills import (
    all_names,
    all_styles,
    allowed_slots,
    draw,
    erased_slots,
    kept_names,
    named,
    synonyms,
    values,
)
from erasepro.prompts.templates.bank import check_template, fill
from erasepro.prompts.templates.choose import bank_for
from erasepro.prompts.templates.miniature import BUILD_OPENINGS

COUNTS = {"style": 48}
COUNT = 12
"""Sentences a pair where none are asked for. A style's words stand beside every name, so they need more of them."""


def make_edit_prompts(concepts: ConceptSet, templates: TemplatesConfig | None = None) -> EditPrompts:
    """Sentence pairs and preserved sentences of a concept set.

    The same arguments give the same sentences, and a pair's do not hang on the other pairs. Raises UserError for a bad
    template, for more sentences than the templates can give, and where the minor filter leaves a pair without any.
    """
    cfg = templates if templates is not None else TemplatesConfig()
    if cfg.count is not None and cfg.count < 1:
        raise UserError(f"templates.count must be 1 or more, or null; got {cfg.count}.")
    if cfg.preserve_count < 0:
        raise UserError(f"templates.preserve_count must be 0 or more; got {cfg.preserve_count}.")
    for template in cfg.templates:
        check_template(template, erased_slots(concepts), allowed_slots(concepts), "templates")
    pairs: list[PromptPair] = []
    dropped = 0
    for pair in concepts.pairs:
        made = _prompt_pairs(concepts, pair, cfg)
        kept = [p for p in made if not mentions_minor(p.target_prompt) and not mentions_minor(p.anchor_prompt)]
        if not kept:
            raise UserError(
                f"Every sentence of [{pair.target},{pair.anchor}] mentions a minor and is dropped: remove the pair."
            )
        dropped += len(made) - len(kept)
        pairs += kept
    preserve, n_dropped = drop_minors(_preserved(concepts, cfg))
    return EditPrompts(concepts, tuple(pairs), tuple(preserve), dropped + n_dropped, cfg)


def _prompt_pairs(concepts: ConceptSet, pair: ConceptPair, cfg: TemplatesConfig) -> list[PromptPair]:
    rng = random.Random(f"{cfg.seed}/build/{pair.target}")
    templates = cfg.templates or bank_for(concepts.kind, concepts.vocabulary).build
    names, styles = _in_turn(concepts, rng)
    if concepts.kind == "style":
        styles = [pair.target]
    else:
        names = [pair.target]
    number = len(cfg.templates) or (COUNTS.get(concepts.kind, COUNT) if cfg.count is None else cfg.count)
    drawn = draw(rng, templates, number, concepts.vocabulary, names, styles, set(), f"{len(templates)} build templates")
    made = []
    for template, filled, sentence in drawn:
        exchanged = ""
        if pair.anchor:
            exchanged = fill(template, filled | exchange(concepts, pair.anchor))
        made.append(PromptPair(sentence, exchanged, pair))
    return made


def exchange(concepts: ConceptSet, anchor: str) -> dict[str, str]:
    """The slot values in which the anchor's sentence differs from the target's."""
    if concepts.kind == "style":
        return {"s": anchor}
    if concepts.vocabulary != "miniature":
        return {"n": anchor}
    return named(anchor)


def _in_turn(concepts: ConceptSet, rng: random.Random) -> tuple[list[str], list[str]]:
    """All names and all styles of the vocabulary, each in a drawn order."""
    names, styles = list(all_names(concepts.vocabulary)), list(all_styles(concepts.vocabulary))
    rng.shuffle(names)
    rng.shuffle(styles)
    return names, styles


def _preserved(concepts: ConceptSet, cfg: TemplatesConfig) -> list[str]:
    """Sentences about what must stay: kept names (or styles) in turn, each in another build phrasing."""
    first = [""] if cfg.preserve_empty else []
    words: list[str] = list(kept_names(concepts, anchors_too=True))
    rng = random.Random(f"{cfg.seed}/preserve")
    if concepts.vocabulary == "miniature":
        if cfg.preserve_synonyms:
            words += [word for word, _ in synonyms(concepts, words)]
        return first + _miniature_captions(concepts, words, cfg.preserve_count - len(first), rng)
    bank = bank_for(concepts.kind, concepts.vocabulary).build
    made: dict[str, None] = dict.fromkeys(first)
    for template, word in product(bank, words):
        if len(made) >= cfg.preserve_count:
            break
        made[draw(rng, [template], 1, "open", [word], [word], set(), "a template")[0][2]] = None
    return list(made)


def _miniature_captions(concepts: ConceptSet, words: list[str], number: int, rng: random.Random) -> list[str]:
    """Captions after the miniature's grammar, under the build openings only, none naming an erased style."""
    names, styles = words, list(all_styles("miniature"))
    if concepts.kind == "style":
        names = list(all_names("miniature"))
        styles = [s for s in concepts.preserve or styles if s not in concepts.targets]
    names = rng.sample(names, len(names))
    made: dict[str, None] = {}
    for turn in range(10 * max(number, 0) if names else 0):
        tails = [rng.choice(STYLE_TAILS)] if rng.random() < 0.55 else []
        tails += [rng.choice(BACKGROUND_TAILS)] if rng.random() < 0.5 else []
        tails += ["{z}"] if rng.random() < 0.25 else []
        tails += ["{e}"] if rng.random() < 0.35 else []
        rng.shuffle(tails)
        template = ", ".join([rng.choice(BUILD_OPENINGS), *tails[:3]])  # with four it might not fit the context
        made[fill(template, values(rng, "miniature", names[turn % len(names)], rng.choice(styles)))] = None
        if len(made) == number:
            break
    return list(made)

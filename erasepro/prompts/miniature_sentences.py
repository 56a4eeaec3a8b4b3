"""Sentences after the shipped model's own grammar, about its own names (``templates=known``).

They know what a user of another model could not know: which words the model was trained on, and all that it can draw.
"""

from __future__ import annotations

import random

from erasepro.concepts.miniature.captions import BACKGROUND_TAILS, STYLE_TAILS
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.concepts.prompt_pairs import PromptPair
from erasepro.config.schema import TemplatesConfig
from erasepro.prompts.fills import all_names, all_styles, anchor_values, draw, kept_names, synonyms, values
from erasepro.prompts.templates.bank import fill
from erasepro.prompts.templates.choose import bank_for
from erasepro.prompts.templates.miniature import BUILD_OPENINGS

COUNTS = {"style": 48}
COUNT = 12
"""Sentences a pair where none are asked for. A style's words stand beside every name, so they need more of them."""


def fit_in_miniature_grammar(concepts: ConceptSet, pair: ConceptPair, config: TemplatesConfig) -> list[PromptPair]:
    """Sentences about the target, each beside the same one about the anchor.

    Raises UserError for more sentences than the templates can give.
    """
    rng = random.Random(f"{config.seed}/build/{pair.target}")
    templates = config.templates or bank_for(concepts.kind, "miniature").build
    names, styles = list(all_names("miniature")), list(all_styles("miniature"))
    rng.shuffle(names)
    rng.shuffle(styles)
    if concepts.kind == "style":
        styles = [pair.target]
    else:
        names = [pair.target]
    number = len(config.templates) or (COUNTS.get(concepts.kind, COUNT) if config.count is None else config.count)
    drawn = draw(rng, templates, number, "miniature", names, styles, set(), f"{len(templates)} build templates")
    made = []
    for template, filled, sentence in drawn:
        exchanged = fill(template, filled | anchor_values(concepts, pair.anchor)) if pair.anchor else ""
        made.append(PromptPair(sentence, exchanged, pair))
    return made


def preserve_in_miniature_grammar(concepts: ConceptSet, config: TemplatesConfig) -> list[str]:
    """Captions about what must stay, under the build openings only, none naming an erased style."""
    first = [""] if config.preserve_empty else []
    words: list[str] = list(kept_names(concepts, anchors_too=True))
    rng = random.Random(f"{config.seed}/preserve")
    if config.preserve_synonyms:
        words += [word for word, _ in synonyms(concepts, words)]
    names, styles = words, list(all_styles("miniature"))
    if concepts.kind == "style":
        names = list(all_names("miniature"))
        styles = [s for s in concepts.preserve or styles if s not in concepts.targets]
    names = rng.sample(names, len(names))
    number = config.preserve_count - len(first)
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
    return first + list(made)

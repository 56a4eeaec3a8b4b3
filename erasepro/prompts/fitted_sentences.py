"""Sentences that an edit is fitted on, for any model: natural ones, and the concept between random words of the model's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial

from erasepro.concepts.mentions import mentions_any
from erasepro.concepts.pairs import ConceptPair, ConceptSet, folded
from erasepro.concepts.prompt_pairs import PromptPair
from erasepro.config.schema import TemplatesConfig
from erasepro.errors import UserError
from erasepro.prompts.articles import plural, with_article
from erasepro.prompts.lexicon import Lexicon
from erasepro.prompts.templates.bank import fill, slots
from erasepro.prompts.templates.choose import bank_for
from erasepro.prompts.templates.open import THINGS
from erasepro.prompts.word_contexts import draw_fitting, fits_context, in_company, word_mix

FEW, CONTEXTS, LEAST = 80, 40, 6
"""Contexts a pair: of a few pairs, of ten, and of any number at least. Chosen on development sets: beyond 40 each, a single
pair gains on sentences that were not fitted, and ten lose of what they keep."""
SHARED_BY_FEW, SHARED = 400, 600
"""Contexts of all pairs together: up to ten pairs, and beyond fifteen."""
CONTEXT_FORMS = ("{c}", "{n}", "the {n}")
STYLE_CONTEXTS = ("{s}", "{s} style", "in {s} style", "by {s}", "in the style of {s}")


def fit_in_open_words(
    concepts: ConceptSet, pair: ConceptPair, config: TemplatesConfig, lexicon: Lexicon, words: Sequence[str]
) -> list[PromptPair]:
    """Sentences about the target, each beside the same one about the anchor, every sentence once.

    A sentence that holds a target or an anchor besides its own place for it is left out, or drawn again.

    Args:
        words: the words to draw from; none of them may name a target or an anchor.
    """
    natural = natural_sentences(concepts, pair, config, config.templates or bank_for(concepts.kind, "open").build)
    if not natural and config.templates:
        raise UserError(
            f"Every sentence of templates.templates names {pair.target!r} or {pair.anchor!r} twice: give others."
        )
    limit = len(natural) if config.count is None or config.templates else config.count
    number = context_count(len(concepts.pairs)) if config.contexts is None else config.contexts
    rng = random.Random(f"{config.seed}/contexts/{pair.target}")
    made = {made.target_prompt: made for made in natural[:limit]}
    for made_pair in draw_contexts(rng, concepts, pair, config, lexicon, words, number):
        made.setdefault(made_pair.target_prompt, made_pair)
    return list(made.values())


def fit_synonyms(
    concepts: ConceptSet, pair: ConceptPair, config: TemplatesConfig, lexicon: Lexicon, words: Sequence[str]
) -> list[PromptPair]:
    """The same sentences with each word of ``concepts.synonyms`` for the target in its place; arguments as there."""
    found = []
    for word in dict(concepts.synonyms).get(pair.target, ()):
        made = fit_in_open_words(concepts, ConceptPair(word, pair.anchor), config, lexicon, words)
        found += [replace(sentence, pair=pair, forms=sentence.called) for sentence in made]
    return found


def context_count(pairs: int) -> int:
    """Contexts a pair in a set of so many: 80 up to five pairs, 40 from ten to fifteen, fewer beyond."""
    return max(LEAST, min(FEW, max(SHARED_BY_FEW // pairs, min(CONTEXTS, SHARED // pairs))))


def natural_sentences(
    concepts: ConceptSet, pair: ConceptPair, config: TemplatesConfig, templates: Sequence[str]
) -> list[PromptPair]:
    """One sentence a template, without those that would name a target or an anchor twice, or have no plural."""
    rng = random.Random(f"{config.seed}/build/{pair.target}")
    names = _forms_of_names(concepts)
    found: dict[str, PromptPair] = {}
    for template in templates:
        filled = _filled(concepts, pair.target, config, rng.choice(THINGS))
        if _is_crowded(template, filled["x"], names):
            continue
        forms = None
        if "p" in slots(template):
            several = plural(pair.target, config.articles)
            anchors = plural(pair.anchor, config.articles) or pair.anchor
            if several is None or folded(several) in (folded(anchors), folded(pair.anchor)):
                continue
            forms = ConceptPair(several, anchors)
            filled["p"] = several
        own = {"p": forms.anchor} if forms else {}
        exchanged = _filled(concepts, pair.anchor, config, filled["x"]) | own
        found.setdefault(fill(template, filled), _pair(template, filled, exchanged, pair, forms))
    return list(found.values())


def draw_contexts(
    rng: random.Random,
    concepts: ConceptSet,
    pair: ConceptPair,
    config: TemplatesConfig,
    lexicon: Lexicon,
    words: Sequence[str],
    number: int,
) -> list[PromptPair]:
    """So many sentences with the concept between random words (fewer where the context is short).

    With its article and bare, or after the words with which one names a style.
    """
    fits, names = fits_context(lexicon), _forms_of_names(concepts)
    target, anchor = (_filled(concepts, name, config, "") for name in (pair.target, pair.anchor))

    def fits_both(template: str) -> bool:
        twice = _is_crowded(template, "", names)  # random neighbours that make a name of several words
        return not twice and fits(fill(template, target)) and fits(fill(template, anchor))

    of_kind = STYLE_CONTEXTS if concepts.kind == "style" else CONTEXT_FORMS
    forms = [form for form in of_kind if not _is_crowded(form, "", names)]
    mix = word_mix(words, (*concepts.targets, *concepts.anchors))
    found = []
    for _ in range(number if words else 0):
        form = rng.choice(forms)
        template = draw_fitting(partial(in_company, rng, form, mix), fits_both)
        if template is not None:
            found.append(_pair(template, target, anchor, pair, None))
    return found


def _filled(concepts: ConceptSet, name: str, config: TemplatesConfig, thing: str) -> dict[str, str]:
    """The slot values of a sentence about a name."""
    if concepts.kind == "style":
        return {"s": name, "x": thing}
    return {"n": name, "c": with_article(name, config.articles), "x": thing}


def _pair(
    template: str, filled: dict[str, str], exchanged: dict[str, str], pair: ConceptPair, forms: ConceptPair | None
) -> PromptPair:
    anchor_prompt = fill(template, filled | exchanged) if pair.anchor else ""
    return PromptPair(fill(template, filled), anchor_prompt, pair, forms)


def _is_crowded(template: str, thing: str, names: tuple[str, ...]) -> bool:
    """Whether a sentence holds one of the names (`_forms_of_names`) outside the place for it."""
    around = fill(template, {"n": "\0", "c": "\0", "s": "\0", "p": "\0", "x": thing})
    return mentions_any(around, names)


@lru_cache(maxsize=8)
def _forms_of_names(concepts: ConceptSet) -> tuple[str, ...]:
    """Every target and anchor, and their plurals."""
    names = [name for name in (*concepts.targets, *concepts.anchors) if name]
    return tuple(form for name in names for form in (name, plural(name)) if form)

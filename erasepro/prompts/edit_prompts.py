"""The prompts an edit is built from: sentence pairs with the concept exchanged, and sentences to preserve."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from erasepro.concepts.mentions import mentions_any
from erasepro.concepts.pairs import ConceptSet
from erasepro.concepts.prompt_pairs import EditPrompts, HeldOut, PromptPair
from erasepro.concepts.safety.minors import drop_minors, mentions_minor
from erasepro.config.schema import TemplatesConfig
from erasepro.errors import UserError, unknown
from erasepro.prompts.fills import allowed_slots, erased_slots
from erasepro.prompts.fitted_sentences import draw_contexts, fit_in_open_words, fit_synonyms, natural_sentences
from erasepro.prompts.left_out import erased_words, is_left_out
from erasepro.prompts.lexicon import Lexicon
from erasepro.prompts.miniature_sentences import fit_in_miniature_grammar, preserve_in_miniature_grammar
from erasepro.prompts.preserved_sentences import (
    named_files,
    preserve_in_open_words,
    read_sentences,
    sentences_of_files,
    sentences_of_the_model,
)
from erasepro.prompts.templates.bank import check_template

GRAMMARS = ("open", "miniature")
HELD_OUT = ("{c} again", "here is {c} in a corner", "what a {n}", "{c} that nobody has seen before")
HELD_OUT_STYLE = ("{s} again", "{x} after {s}", "what {s} is known for", "{x} that looks like {s}")
HELD_OUT_PAIRS, HELD_OUT_WORDS = 48, 32
"""Sentences and words, at most, that an edit is checked on and never fitted on or preserves."""
COMMON_WORDS = 1600
"""Most frequent words that contexts are drawn from, however few sentences are preserved."""
EVERY = 20
"""Where all of a model's words would be preserved, every word of this number is kept for the check."""


def make_edit_prompts(
    concepts: ConceptSet, templates: TemplatesConfig | None = None, lexicon: Lexicon | None = None
) -> EditPrompts:
    """Sentence pairs and preserved sentences of a concept set.

    Args:
        lexicon: the model's own words (`models.vocabulary.read_lexicon`); ``grammar=miniature`` needs them for the held-out
            sentences alone.

    The same arguments give the same sentences. Raises UserError for a bad value or template, for more sentences than the
    templates can give, and where the minor filter leaves a pair without any.
    """
    config = templates if templates is not None else TemplatesConfig()
    check_sentences(concepts, config)
    if config.grammar == "miniature":
        made = [fit_in_miniature_grammar(concepts, pair, config) for pair in concepts.pairs]
        pairs, dropped = _without_minors(concepts, made)
        preserve, lost = drop_minors(preserve_in_miniature_grammar(concepts, config))
        held_out = None if lexicon is None else _held_out_beside(concepts, config, lexicon, pairs, preserve)
        return EditPrompts(concepts, tuple(pairs), tuple(preserve), dropped + lost, config, held_out=held_out)
    if lexicon is None:
        raise TypeError("make_edit_prompts needs the model's lexicon for templates.grammar=open")
    return _in_open_words(concepts, config, lexicon)


def check_sentences(concepts: ConceptSet, config: TemplatesConfig) -> None:
    """Raise UserError for a value of ``templates`` that does not fit the concepts or is out of range; no model is needed."""
    check_sentence_settings(config)
    if config.grammar == "miniature" and concepts.vocabulary != "miniature":
        raise UserError(
            "templates.grammar=miniature is the shipped model's own grammar: it serves model=miniature alone. Leave it out."
        )
    if config.fit_synonyms and (config.grammar == "miniature" or not concepts.synonyms):
        raise UserError(
            "templates.fit_synonyms=true needs templates.grammar=open, and words to fit: "
            "'concepts.synonyms={dog: [puppy, hound]}'."
        )
    for template in config.templates:
        check_template(template, erased_slots(concepts), allowed_slots(concepts, config.grammar), "templates")
    if config.grammar == "open":
        for file in named_files(config):
            read_sentences(file)  # what is wrong with it is said before a model is read


def check_sentence_settings(config: TemplatesConfig) -> None:
    """Raise UserError for a value of ``templates`` that no set of concepts can have."""
    if config.grammar not in GRAMMARS:
        raise unknown("templates.grammar", config.grammar, GRAMMARS)
    if config.count is not None and config.count < 1:
        raise UserError(f"templates.count must be 1 or more, or null; got {config.count}.")
    for key in ("contexts", "preserve_count", "preserve_neighbors"):
        value = getattr(config, key)
        if value is not None and value < 0:
            raise UserError(f"templates.{key} must be 0 or more; got {value}.")
    if not 0 <= config.preserve_long <= 1:
        raise UserError(f"templates.preserve_long is a share, from 0 to 1; got {config.preserve_long}.")


def _in_open_words(concepts: ConceptSet, config: TemplatesConfig, lexicon: Lexicon) -> EditPrompts:
    erased = erased_words(concepts, dict(concepts.synonyms))
    left_out = [word for word in lexicon.words if is_left_out(word, erased, concepts.kind)]
    gone = set(left_out)
    names = sorted({name for name in (*concepts.targets, *concepts.anchors) if name})  # the pairs' order changes nothing
    near = lexicon.nearest(names, config.preserve_neighbors) if config.preserve_neighbors and names else {}
    neighbors = [word for word in dict.fromkeys(_in_turn(list(near.values()))) if word not in gone]
    common, others = _split(lexicon.words, config)
    used = [word for word in common if word not in gone]
    needed = {*neighbors, *names}
    unseen = [word for word in others if word not in gone and word not in needed]
    shared = sentences_of_the_model(config, lexicon, common, concepts.kind)
    free = [word for word in used if not mentions_any(word, names)]
    made = [fit_in_open_words(concepts, pair, config, lexicon, free) for pair in concepts.pairs]
    if config.fit_synonyms:
        for pair, sentences in zip(concepts.pairs, made, strict=True):
            sentences += fit_synonyms(concepts, pair, config, lexicon, free)
    pairs, dropped = _without_minors(concepts, made)
    of_files = sentences_of_files(config, concepts.kind, erased)
    preserve = preserve_in_open_words(concepts, config, lexicon, used, neighbors, of_files.kept, erased, shared)
    seen = _words_of([*preserve, *(made.target_prompt for made in pairs)])
    unseen = [word for word in unseen if word not in seen][:HELD_OUT_WORDS]
    retained = concepts.preserve or tuple(dict.fromkeys([*(n for n in concepts.anchors if n), *neighbors, *used]))
    return EditPrompts(
        concepts, tuple(pairs), tuple(preserve), dropped + of_files.of_minors, config, shared=tuple(shared),
        retained=retained[: max(config.preserve_count, len(concepts.preserve))],
        left_out=tuple(word for word in left_out if erased.search(word)), left_out_sentences=of_files.naming_erased,
        unused_sentences=len(set(of_files.kept) - set(preserve)),
        neighbors=tuple(near.items()),
        held_out=_held_out(concepts, config, lexicon, free, unseen, pairs),
    )  # fmt: skip


def _split(words: Sequence[str], config: TemplatesConfig) -> tuple[list[str], list[str]]:
    """The words to draw from, and words kept for the check: those beyond what is preserved, else some of them all."""
    count = max(config.preserve_count, COMMON_WORDS)
    if len(words) > count + HELD_OUT_WORDS:
        return list(words[:count]), list(words[count:])
    unseen = list(words[EVERY - 1 :: EVERY])
    return [word for word in words if word not in set(unseen)], unseen


def _held_out_beside(
    concepts: ConceptSet,
    config: TemplatesConfig,
    lexicon: Lexicon,
    fitted: Sequence[PromptPair],
    preserve: Sequence[str],
) -> HeldOut:
    """Held-out sentences for an edit that was fitted on others than the model's words give."""
    erased = erased_words(concepts, dict(concepts.synonyms))
    words = [word for word in lexicon.words if not is_left_out(word, erased, concepts.kind)]
    seen = _words_of(preserve)
    unseen = [word for word in words if word not in seen and word not in concepts.anchors]
    free = [word for word in words if word not in set(unseen) and not mentions_any(word, concepts.anchors)]
    return _held_out(concepts, config, lexicon, free, unseen[:HELD_OUT_WORDS], fitted)


def _words_of(texts: Sequence[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w+", text.lower())}


def _held_out(
    concepts: ConceptSet,
    config: TemplatesConfig,
    lexicon: Lexicon,
    used: Sequence[str],
    unseen: Sequence[str],
    fitted: Sequence[PromptPair],
) -> HeldOut:
    templates = HELD_OUT_STYLE if concepts.kind == "style" else HELD_OUT
    known = {made.target_prompt for made in fitted}
    pairs: list[PromptPair] = []
    for pair in concepts.pairs[: HELD_OUT_PAIRS // 2]:
        rng = random.Random(f"{config.seed}/held out/{pair.target}")
        each = max(1, HELD_OUT_PAIRS // (2 * len(concepts.pairs)))
        natural = natural_sentences(concepts, pair, config, templates)
        made = [*natural[:each], *draw_contexts(rng, concepts, pair, config, lexicon, used, each)]
        fit = [p for p in made if not mentions_minor(p.target_prompt) and not mentions_minor(p.anchor_prompt)]
        pairs += [p for p in fit if p.target_prompt not in known]
    return HeldOut(tuple(pairs), _short_forms(unseen))


def _short_forms(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(form for word in words for form in (word, f"what a {word}"))


def _in_turn(lists: Sequence[Sequence[str]]) -> list[str]:
    """The first of each list, then the second of each, and so on."""
    longest = max((len(part) for part in lists), default=0)
    return [part[place] for place in range(longest) for part in lists if place < len(part)]


def _without_minors(
    concepts: ConceptSet, made: Sequence[Sequence[PromptPair]]
) -> tuple[list[PromptPair], int]:
    """The pairs whose sentences may be read, and how many were dropped. Raises UserError for a concept without any."""
    kept: list[PromptPair] = []
    dropped = 0
    for pair, sentences in zip(concepts.pairs, made, strict=True):
        good = [p for p in sentences if not mentions_minor(p.target_prompt) and not mentions_minor(p.anchor_prompt)]
        if not good:
            raise UserError(
                f"Every sentence of [{pair.target},{pair.anchor}] mentions a minor and is dropped: change "
                "templates.templates, or remove the pair."
            )
        dropped += len(sentences) - len(good)
        kept += good
    return kept, dropped

"""Prompts: splits that share nothing, only known words, balanced and labelled, the same every time."""

import re
from collections import Counter
from dataclasses import replace

import pytest

from erasepro.concepts.load import load_concepts
from erasepro.concepts.mentions import find_words
from erasepro.concepts.miniature.captions import ADJECTIVES, EXTRAS, SIZE_TAILS, all_words
from erasepro.concepts.miniature.names import BACKGROUNDS, NAMES, STYLES, SYNONYMS
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.config.schema import ConceptsConfig, TemplatesConfig
from erasepro.errors import UserError
from erasepro.models.miniature.judge import WEIGHTS
from erasepro.prompts import fills
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.prompts.evaluation_prompts import make_evaluation_prompts, slug
from erasepro.prompts.fills import named
from erasepro.prompts.templates import miniature as templates_miniature
from erasepro.prompts.templates import open as templates_general
from erasepro.prompts.templates.bank import PHRASINGS, fill
from tests.prompts.words import KNOWN, lexicon

BANKS = [templates_miniature.INSTANCE, templates_miniature.STYLE, templates_general.INSTANCE, templates_general.STYLE]

SHIPPED = WEIGHTS / "pipeline" / "tokenizer"


def mini(*pairs, kind="instance"):
    return load_concepts(ConceptsConfig(kind=kind, pairs=[list(p) for p in pairs]), "miniature")


SETS = [
    mini(("dog", "cat"), ("strawberry", "cherries"), ("teddy bear", "robot")),
    mini(("ink", "twemoji"), kind="style"),
    mini(("singer", "robot"), ("office worker", "snowman"), kind="faces"),
    load_concepts(ConceptsConfig(pairs=[["snoopy", "dog"]], preserve=["beagle", "C-3PO"])),
    load_concepts(ConceptsConfig(kind="style", pairs=[["van gogh", "painting"]], preserve=["monet"])),
]
IDS = ["instance", "style", "faces", "open", "open-style"]


@pytest.mark.parametrize("bank", BANKS)
def test_banks_are_large_and_disjoint(bank):
    assert len(bank.build) == len(set(bank.build)) >= 12
    everything = [*bank.build]
    for split, least in (("test", 10), ("validation", 5)):
        for phrasing in PHRASINGS:
            assert len(bank.of(split)[phrasing]) >= least
            everything += bank.of(split)[phrasing]
    assert len(everything) == len(set(everything))
    with pytest.raises(UserError, match="Did you mean 'test'"):
        bank.of("tests")


def test_no_reported_phrasing_begins_like_a_build_opening():
    for bank in BANKS[:2]:
        reported = [t for split in ("test", "validation") for ts in bank.of(split).values() for t in ts]
        for opening in templates_miniature.BUILD_OPENINGS:
            assert [t for t in reported if t.startswith(opening)] == []


def _sentences(built):
    return {*built.preserve, *(p.target_prompt for p in built.pairs), *(p.anchor_prompt for p in built.pairs)}


@pytest.mark.parametrize("concepts", SETS, ids=IDS)
def test_splits_share_no_prompt(concepts):
    grammars = [TemplatesConfig(preserve_count=3000)]
    grammars += [replace(KNOWN, preserve_count=3000)] if concepts.vocabulary == "miniature" else []
    made = [make_edit_prompts(concepts, config, lexicon()) for config in grammars]
    assert all(len(built.preserve) > 700 for built in made)
    build = set().union(*(_sentences(built) for built in made))
    test = {p.prompt for seed in range(5) for p in make_evaluation_prompts(concepts, "test", seed=seed)}
    dev = {p.prompt for seed in range(5) for p in make_evaluation_prompts(concepts, "validation", seed=seed)}
    assert not build & test
    assert not build & dev
    assert not test & dev


@pytest.mark.parametrize("concepts", SETS[:3], ids=IDS[:3])
def test_the_miniature_knows_every_word(concepts):
    built = make_edit_prompts(concepts, KNOWN)
    texts = [*built.preserve, *(p.target_prompt for p in built.pairs), *(p.anchor_prompt for p in built.pairs)]
    texts += [p.prompt for split in ("test", "validation") for p in make_evaluation_prompts(concepts, split)]
    known = set(all_words())
    assert {w for t in texts for w in re.findall(r"[^\s,:]+", t)} <= known
    assert max(map(size, texts)) <= 25  # with BOS, EOS and some split words: 32
    assert built.dropped == make_evaluation_prompts(concepts).dropped == 0


def size(text):
    """Words and signs."""
    return len(re.findall(r"[^\s,:]+|[,:]", text))


@pytest.mark.parametrize("bank", BANKS[:2])
def test_no_filling_of_a_template_is_long(bank):
    longest = {
        "s": max(STYLES, key=size),
        "b": max(BACKGROUNDS, key=size),
        "z": max((tail for tails in SIZE_TAILS.values() for tail in tails), key=size),
        "e": max(EXTRAS, key=size),
        **named(max([*NAMES, *SYNONYMS], key=size)),
    }
    assert (size(longest["n"]), size(longest["z"]), size(longest["e"])) == (2, 4, 5)
    for template in [
        *bank.build,
        *(t for split in ("test", "validation") for ts in bank.of(split).values() for t in ts),
    ]:
        assert size(fill(template, longest)) <= 25, template


def test_the_miniature_reads_every_prompt_to_its_end():
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(SHIPPED)
    length = {text: len(tokenizer(text).input_ids) for text in (*NAMES, *SYNONYMS, *STYLES, *BACKGROUNDS, *EXTRAS)}
    longest = {"s": max(STYLES, key=length.get), "b": max(BACKGROUNDS, key=length.get), "z": "small in the middle"}
    longest |= {"e": max(EXTRAS, key=length.get), **named(max([*NAMES, *SYNONYMS], key=length.get))}
    for bank in BANKS[:2]:
        for template in [
            *bank.build,
            *(t for split in ("test", "validation") for ts in bank.of(split).values() for t in ts),
        ]:
            assert len(tokenizer(fill(template, longest)).input_ids) <= tokenizer.model_max_length, template


def test_an_article_before_an_adjective_only_where_the_name_has_one():
    concepts = mini(("dog", "cherries"), ("broccoli", "grapes"), ("carrot", "lemon"))
    built = make_edit_prompts(concepts, replace(KNOWN, count=16, preserve_count=4000))
    texts = [*built.preserve, *(text for p in built.pairs for text in (p.target_prompt, p.anchor_prompt))]
    texts += [text for p in make_evaluation_prompts(concepts) for text in (p.prompt, p.anchor_prompt)]
    adjectives = "|".join(word.strip() for word in set(ADJECTIVES) if word)
    found = [
        m.groups() for t in texts for m in re.finditer(rf"(\ban? )?({adjectives}) (\w+)", t) if m.group(3) in NAMES
    ]
    alone = {"grapes", "cherries", "broccoli"}
    assert {name for _, _, name in found} > {*alone, "dog", "carrot", "lemon"}
    assert {before for before, _, name in found if name in alone} == {None}
    assert {before for before, _, name in found if name not in alone} == {"a "}


def test_target_prompts_know_the_same_sentence_about_the_anchor():
    for concepts in SETS:
        of = {pair.target: pair.anchor for pair in concepts.pairs}
        for p in make_evaluation_prompts(concepts):
            if p.role == "target":
                assert find_words(p.anchor_prompt, of[p.concept])
                assert not find_words(p.anchor_prompt, p.concept) or find_words(of[p.concept], p.concept)
            else:
                assert p.anchor_prompt == ""
    strawberry = {
        p.anchor_prompt for p in make_evaluation_prompts(SETS[0]) if p.role == "target" and p.concept == "strawberry"
    }
    assert "a picture of cherries" in strawberry


@pytest.mark.parametrize("concepts", SETS, ids=IDS)
def test_prompts_are_labelled_balanced_and_repeatable(concepts):
    for split in ("test", "validation"):
        found = make_evaluation_prompts(concepts, split)
        assert found == make_evaluation_prompts(concepts, split)
        assert len({p.id for p in found}) == len({p.prompt for p in found}) == len(found)
        assert all(re.fullmatch(r"[a-z0-9_-]{1,100}", p.id) for p in found)
        for role in ("target", "anchor", "retain", "synonym"):
            per_phrasing = Counter((p.id.split("-")[1], p.phrasing) for p in found if p.role == role)
            numbers = {w: {n for (_, phrasing), n in per_phrasing.items() if phrasing == w} for w in PHRASINGS}
            assert all(len(n) <= 1 for n in numbers.values())
        anchor_of = {pair.target: pair.anchor for pair in concepts.pairs}
        for p in found:
            assert p.expected_concept == (anchor_of[p.concept] if p.role in ("target", "synonym") else p.concept)
            if p.style is not None:
                assert find_words(p.prompt, p.style)
            elif concepts.vocabulary == "miniature":
                assert not any(find_words(p.prompt, style) for style in STYLES)
            if p.role != "synonym":
                assert find_words(p.prompt, p.concept)


def test_instance_roles():
    found = make_evaluation_prompts(SETS[0])
    count = Counter((p.role, p.phrasing) for p in found)
    assert all(count["target", w] == 36 for w in PHRASINGS)
    assert {p.concept for p in found if p.role == "retain"} == set(NAMES) - {*SETS[0].targets, *SETS[0].anchors}
    assert all(count["retain", w] == len(NAMES) - 6 for w in PHRASINGS)
    words = {word for word, name in SYNONYMS.items() if name in SETS[0].targets}
    assert words
    for p in found:
        if p.role == "synonym":
            assert any(find_words(p.prompt, word) for word in words)
            assert not find_words(p.prompt, p.concept)
        if p.phrasing == "complex":
            assert p.style in STYLES
            assert p.prompt.count(",") + p.prompt.count(":") >= 1


def test_style_roles():
    found = make_evaluation_prompts(SETS[1])
    kept = [p for p in found if p.role == "retain"]
    assert {p.style for p in found if p.role == "target"} == {"ink"}
    assert {p.style for p in found if p.role == "anchor"} == {"twemoji"}
    assert {p.style for p in kept} == {"noto", "fluent", None}
    assert min(Counter(p.style for p in kept).values()) > 40
    assert all(p.subject in NAMES for p in found)
    assert not any(find_words(text, "ink") for text in make_edit_prompts(SETS[1], KNOWN).preserve)


def test_a_style_set_that_leaves_no_style_over():
    found = make_evaluation_prompts(mini(("ink", "noto"), ("fluent", "twemoji"), kind="style"), max_retain=6)
    assert {p.style for p in found if p.role == "retain" and p.phrasing == "plain"} == {None}


def test_counts_and_limits():
    found = make_evaluation_prompts(
        SETS[0], counts={"target": 2, "anchor": 1, "retain": 2, "synonym": 0}, max_retain=10
    )
    assert Counter(p.role for p in found) == {"target": 18, "anchor": 9, "retain": 60}
    assert len({p.concept for p in found if p.role == "retain"}) == 10
    assert {p.concept for p in make_evaluation_prompts(SETS[0], retain=["lion"]) if p.role == "retain"} == {"lion"}
    with pytest.raises(UserError, match="plain templates of the test split"):
        make_evaluation_prompts(SETS[0], counts={"target": 99})


def test_prompts_per_concept_count_by_wording():
    found = make_evaluation_prompts(SETS[0], per_concept=4, max_retain=3)
    dog = [p for p in found if p.concept == "dog" and p.role == "target"]
    assert Counter(p.phrasing for p in dog) == {"plain": 4, "complex": 4, "paraphrase": 4}
    alone = make_evaluation_prompts(SETS[0], per_concept=4, max_retain=3, phrasings=("complex",))
    assert [p for p in alone if p.concept == "dog" and p.role == "target"] == [p for p in dog if p.phrasing == "complex"]


@pytest.mark.parametrize(("pairs", "each"), [(1, 6), (2, 3), (4, 2), (7, 1)])
def test_few_targets_get_more_prompts_so_that_all_together_have_the_least_number(pairs, each):
    chosen = mini(*(("dog", "cat"), ("apple", "pear"), ("car", "bus"), ("rose", "cactus"), ("fox", "bear"), ("cow", "pig"),
                    ("owl", "duck"))[:pairs])  # fmt: skip
    found = make_evaluation_prompts(chosen, per_concept=1, least_targets=6, max_retain=2)
    counts = Counter((p.role, p.concept, p.phrasing) for p in found)
    assert {number for (role, *_), number in counts.items() if role == "target"} == {each}
    assert {number for (role, *_), number in counts.items() if role != "target"} == {1}


def test_a_concepts_prompts_do_not_hang_on_the_others():
    one = make_evaluation_prompts(mini(("dog", "cat")))
    three = make_evaluation_prompts(mini(("dog", "cat"), ("fox", "bear"), ("rose", "house")))
    assert [p for p in one if p.id.startswith("target-dog-")] == [p for p in three if p.id.startswith("target-dog-")]


def test_build_pairs_exchange_only_the_concept():
    built = make_edit_prompts(SETS[0], replace(KNOWN, count=16))
    assert Counter(p.pair.target for p in built.pairs) == {"dog": 16, "strawberry": 16, "teddy bear": 16}
    for p in built.pairs:
        sentences = ((p.target_prompt, p.pair.target), (p.anchor_prompt, p.pair.anchor))
        rest = [re.sub(r"\ba ((cute |lovely )?#)", r"\1", text.replace(name, "#")) for text, name in sentences]
        assert rest[0] == rest[1]
    sides = [p.target_prompt.split("dog") for p in built.pairs if p.pair.target == "dog"]
    assert min(len({before for before, _ in sides}), len({after for _, after in sides})) >= 8
    assert built.preserve[0] == ""
    assert len(built.preserve) == len(set(built.preserve)) == 600
    for word in ("dog", "puppy", "strawberry", "teddy bear", "stuffed bear"):
        assert not any(find_words(text, word) for text in built.preserve)


def test_slug():
    assert slug("teddy bear") == "teddy_bear"
    assert slug("C-3PO") != slug("c 3po")
    assert re.fullmatch(r"[a-z0-9_]+", slug("日本"))


def test_a_style_is_built_from_more_sentences_and_a_number_overrules():
    style = ConceptSet("s", "style", (ConceptPair("noto", "ink"),), vocabulary="miniature")
    instance = ConceptSet("i", "instance", (ConceptPair("dog", "cat"),), vocabulary="miniature")
    assert [len(make_edit_prompts(c, KNOWN).pairs) for c in (style, instance)] == [48, 12]
    assert len(make_edit_prompts(style, replace(KNOWN, count=5)).pairs) == 5
    assert len({p.target_prompt for p in make_edit_prompts(style, KNOWN).pairs}) == 48


def test_counts_that_cannot_be_met_are_refused_at_once(monkeypatch):
    turns, values = Counter(), fills.values

    def counted(*words, **more):
        turns["all"] += 1
        return values(*words, **more)

    monkeypatch.setattr(fills, "values", counted)
    with pytest.raises(UserError, match=r"of 10000000 different prompts.*ask for fewer"):
        make_edit_prompts(SETS[0], replace(KNOWN, count=10_000_000))
    assert 0 < turns["all"] < 1_000_000  # without a limit on fruitless turns: 400 million

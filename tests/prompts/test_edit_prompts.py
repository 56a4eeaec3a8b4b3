"""Sentences of an edit in the model's own words: articles, contexts, what is preserved, left out and held out."""

import re
from dataclasses import replace

import pytest

from erasepro.concepts.load import load_concepts
from erasepro.concepts.mentions import find_words, mentions_any
from erasepro.config.schema import ConceptsConfig, TemplatesConfig
from erasepro.edit.prompt_record import prompt_facts
from erasepro.errors import UserError
from erasepro.prompts.articles import plural
from erasepro.prompts.common_names import ARTISTS
from erasepro.prompts.edit_prompts import check_sentences, make_edit_prompts
from erasepro.prompts.fitted_sentences import context_count
from erasepro.prompts.word_contexts import FUNCTION_WORDS
from erasepro.report.heading import format_sentences
from tests.prompts.words import KNOWN, WORDS, lexicon

EVERYDAY = ("snow", "city", "window", "beach", "room", "paper", "light", "white", "black", "painting", "style", "poster")


def concepts_of(*pairs, kind="instance", **more):
    return load_concepts(ConceptsConfig(kind=kind, pairs=[list(p) for p in pairs], **more))


def build(*pairs, kind="instance", config=None, words=None, **more):
    concepts = concepts_of(*pairs, kind=kind, **more)
    return make_edit_prompts(concepts, config or TemplatesConfig(), words or lexicon())


def test_a_common_noun_stands_with_its_article_bare_and_in_the_plural():
    built = build(("dog", "apple"))
    sentences = {p.target_prompt: p for p in built.pairs}
    assert sentences["a dog"].anchor_prompt == "an apple"
    assert sentences["dog"].anchor_prompt == "apple"
    plural = sentences["dogs"]
    assert (plural.anchor_prompt, plural.called.target, plural.called.anchor) == ("apples", "dogs", "apples")
    assert plural.pair.target == "dog"
    assert len(built.pairs) > 50
    for p in built.pairs:
        assert len(find_words(p.target_prompt, p.called.target)) == 1
        assert len(find_words(p.anchor_prompt, p.called.anchor)) == 1


def test_a_proper_name_has_none():
    for name in ("Snoopy", "snoopy", "Elon Musk"):
        built = build((name, "dog"))
        assert not any(re.search(rf"\ban? {name}", p.target_prompt) for p in built.pairs)
        assert any(re.search(r"\ba dog", p.anchor_prompt) for p in built.pairs)
    given = build(("zorp", "dog"), config=TemplatesConfig(articles={"zorp": ""}))
    assert not any("a zorp" in p.target_prompt for p in given.pairs)


@pytest.mark.parametrize("word", EVERYDAY)
@pytest.mark.parametrize("kind", ["instance", "style"])
def test_a_word_that_the_sentences_use_themselves_is_fitted_all_the_same(word, kind):
    for pair in ((word, "tree"), ("tree", word)):
        built = build(pair, kind=kind, config=TemplatesConfig(contexts=30, preserve_count=50))
        assert len(built.pairs) >= 30
        for p in built.pairs:
            assert len(find_words(p.target_prompt, p.called.target)) == 1, p
            assert len(find_words(p.anchor_prompt, p.called.anchor)) == 1, p
            assert not find_words(p.target_prompt, p.called.anchor), p


def test_no_sentence_names_another_concept_of_the_set():
    built = build(("dog", "cat"), ("apple", "car"), ("snow", "sand"))
    for p in built.pairs:
        others = {"dog", "cat", "apple", "car", "snow", "sand"} - {p.pair.target, p.pair.anchor}
        assert not mentions_any(p.target_prompt, others), p


def test_contexts_have_function_words_and_half_of_them_are_long():
    built = build(("zorp", "cat"), config=TemplatesConfig(contexts=300, count=1))
    contexts = [p.target_prompt for p in built.pairs[1:]]
    words = [word for text in contexts for word in re.findall(r"\w+", text) if word != "zorp"]
    assert 0.3 < sum(word in FUNCTION_WORDS for word in words) / len(words) < 0.5  # with the articles of the name
    assert 0.25 < sum("," in text for text in contexts) / len(contexts) < 0.5  # a long one may have no part behind a comma


def test_a_function_word_that_is_erased_stands_nowhere_else():
    built = build(("it", "cat"), config=TemplatesConfig(contexts=80, preserve_count=300))
    assert all(len(find_words(p.target_prompt, p.called.target)) == 1 for p in built.pairs)
    assert not any(mentions_any(text, ("it",)) for text in built.preserve)


def test_a_pairs_contexts_are_fewer_in_a_large_set_and_a_number_overrules():
    alone, many = build(("dog", "cat")), build(("dog", "cat"), *((f"thing{i}", "tree") for i in range(59)))
    mine = [p.target_prompt for p in many.pairs if p.pair.target == "dog"]
    assert len(mine) < len(alone.pairs)
    assert [context_count(n) for n in (1, 5, 6, 9, 10, 15, 16, 30, 100, 1000)] == [80, 80, 66, 44, 40, 40, 37, 20, 6, 6]
    assert len(build(("dog", "cat"), config=TemplatesConfig(contexts=0)).pairs) < 20
    assert len(build(("dog", "cat"), config=TemplatesConfig(contexts=0, count=3)).pairs) == 3


def test_what_names_the_erased_is_not_preserved_and_neighbours_are():
    built = build(("dog", "cat"))
    assert set(built.left_out) == {"dog", "dogs", "doggy"}
    text = " ".join(built.preserve)
    assert not re.search(r"\bdog", text)
    for word in ("wolf", "puppy", "cat", "cats", "car"):
        assert find_words(text, word)
    listed = build(("dog", "cat"), synonyms={"dog": ["puppy", "hound"]})
    assert "puppy" in listed.left_out
    assert not find_words(" ".join(listed.preserve), "puppy")


def test_listed_synonyms_are_fitted_where_that_is_asked_for():
    synonyms = {"dog": ["puppy", "hound"]}
    plain = build(("dog", "cat"), ("car", "bus"), synonyms=synonyms)
    assert not any(find_words(p.target_prompt, "puppy") for p in plain.pairs)
    fitted = build(("dog", "cat"), ("car", "bus"), synonyms=synonyms, config=TemplatesConfig(fit_synonyms=True))
    further = [p for p in fitted.pairs if p.called.target not in {q.called.target for q in plain.pairs}]
    assert {p.called.target for p in further} >= {"puppy", "hound"}
    assert [p for p in fitted.pairs if p not in further] == list(plain.pairs)
    for p in further:
        assert (p.pair.target, p.pair.anchor) == ("dog", "cat")
        assert len(find_words(p.target_prompt, p.called.target)) == len(find_words(p.anchor_prompt, p.called.anchor)) == 1
    assert fitted.preserve == plain.preserve


@pytest.mark.parametrize("more", [{}, {"grammar": "miniature"}])
def test_synonyms_can_be_fitted_where_there_are_some_and_in_open_words(more):
    concepts = concepts_of(("dog", "cat"), synonyms={"dog": ["puppy"]} if more else {})
    concepts = replace(concepts, vocabulary="miniature")
    with pytest.raises(UserError, match="fit_synonyms=true needs"):
        check_sentences(concepts, TemplatesConfig(fit_synonyms=True, **more))


def test_parts_of_a_proper_name_are_left_out_and_of_a_common_one_stay():
    assert "gogh" in build(("Vincent van Gogh", "painting"), kind="style").left_out
    assert "painting" not in build(("oil painting", "cartoon"), kind="style").left_out
    assert "house" not in build(("tree house", "boat")).left_out


def test_nudity_preserves_no_word_that_names_nudity():
    built = build(("nudity", "clothed"), kind="nudity")
    assert not mentions_any(" ".join(built.preserve), ("nude", "naked"))
    assert any(mentions_any(text, ("nude", "naked")) for text in build(("dog", "cat")).preserve)


def test_templates_that_mention_a_minor_are_what_is_to_be_changed():
    with pytest.raises(UserError, match=r"is dropped: change templates\.templates, or remove the pair"):
        build(("dog", "cat"), config=TemplatesConfig(contexts=0, templates=["a child with a {n}"]))


def test_minors_are_neither_fitted_nor_preserved():
    built = build(("dog", "cat"), preserve=["a boy", "a man"])
    texts = [*built.preserve, *(p.target_prompt for p in built.pairs)]
    assert not mentions_any(" ".join(texts), ("girl", "boy"))
    assert mentions_any(" ".join(texts), ("a man",))
    with pytest.raises(UserError, match="mentions a minor"):
        build(("child", "dog"))


def test_the_number_of_preserved_sentences_and_their_order():
    built = build(("dog", "cat"), preserve=["fox"])
    assert len(built.preserve) == len(set(built.preserve))
    own = [text for text in built.preserve if text not in set(built.shared)]
    assert 8 <= len(own) <= 400  # few words: many sentences name a dog
    assert len(set(built.shared)) == 1600
    assert all(mentions_any(text, ("fox", "cat")) for text in built.preserve[1:10])
    assert built.preserve[0] == ""
    assert mentions_any(built.preserve[1], ("fox", "cat"))
    assert build(("dog", "cat"), config=TemplatesConfig(preserve_empty=False)).preserve[0] != ""
    short = build(("dog", "cat"), config=TemplatesConfig(preserve_long=0))
    assert max(len(text.split()) for text in short.preserve) <= 5
    few = build(("dog", "cat"), config=TemplatesConfig(preserve_count=30))
    assert len(few.shared) == 30 <= len(few.preserve) <= 60
    assert build(("dog", "cat"), config=TemplatesConfig(preserve_count=0)).preserve == ()


def test_the_models_sentences_are_the_same_whatever_is_erased():
    dog, snow, many = build(("dog", "cat")), build(("snow", "sand")), build(("car", "bus"), preserve=["fox"])
    assert dog.shared == snow.shared == many.shared
    assert build(("monet", "van gogh"), kind="style").shared != dog.shared
    for built, word in ((dog, "dog"), (snow, "snow"), (many, "car")):
        assert any(mentions_any(text, (word,)) for text in built.shared)
        assert not any(mentions_any(text, (word,)) for text in built.preserve)
        assert len(set(built.preserve) & set(built.shared)) > 1200
        assert len(built.preserve) >= 1600  # those that name it are replaced


def test_every_sentence_fits_the_context():
    words = lexicon(context=12)
    built = build(("dog", "cat"), words=words)
    texts = [*built.preserve, *(p.target_prompt for p in built.pairs[20:])]
    assert max(words.count_tokens(text) for text in texts) <= 12


def test_styles_are_preserved_beside_artists_and_media():
    text = " ".join(build(("van gogh", "monet"), kind="style").preserve)
    assert sum(bool(find_words(text, artist)) for artist in ARTISTS) > 30
    assert find_words(text, "watercolor")
    assert not find_words(text, "gogh")


def test_sentences_of_a_file_and_of_the_names_alone(tmp_path):
    lines, table = tmp_path / "mine.txt", tmp_path / "mine.csv"
    lines.write_text("a red barn\n\na dog in a barn\n")
    table.write_text("id,prompt\n1,a blue barn\n")
    config = TemplatesConfig(preserve_source=["concepts", str(lines), str(table)])
    built = build(("dog", "cat"), config=config)
    assert {"a red barn", "a blue barn"} <= set(built.preserve)
    assert "a dog in a barn" not in built.preserve
    assert built.left_out_sentences == 1
    assert all(mentions_any(text, ("cat", "barn")) for text in built.preserve if text)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("vocabulry", "Did you mean 'vocabulary'"),
        ("nowhere.txt", "preserve_source='nowhere.txt': no such file"),
        ("nowhere.csv", "preserve_source='nowhere.csv': no such file"),
        ("other.csv", "has no column 'prompt', .* its header is word"),
        ("blank.txt", "preserve_source='blank.txt' holds no"),
        ("blank.csv", "preserve_source='blank.csv' holds no sentence"),
        ("twice.csv", "has columns 'prompt' and 'Prompt'; its header is prompt, Prompt"),
        ("long.csv", "its header is x{120} …"),
        ("number.jsonl", r"preserve_source='number.jsonl', line 2: 'prompt' is 3, which is no text"),
    ],
)
def test_a_source_that_cannot_be_read_is_told(tmp_path, monkeypatch, source, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.csv").write_text("word\nx\n")
    (tmp_path / "blank.txt").write_text("\n  \n")
    (tmp_path / "twice.csv").write_text("prompt,Prompt\na,b\n")
    (tmp_path / "long.csv").write_text(f"{'x' * 4000}\ny\n")
    (tmp_path / "number.jsonl").write_text('{"prompt": "a barn"}\n{"prompt": 3}\n')
    (tmp_path / "blank.csv").write_text('prompt\n""\n')
    config = TemplatesConfig(preserve_source=[source])
    with pytest.raises(UserError, match=message):
        build(("dog", "cat"), config=config)
    with pytest.raises(UserError, match=message):
        check_sentences(concepts_of(("dog", "cat")), config)


def test_sentences_of_files_are_counted_once_and_none_is_lost_without_a_word(tmp_path):
    many, minors = tmp_path / "many.csv", tmp_path / "minors.txt"
    many.write_text("Prompt;id\n" + "".join(f"a barn number {i};{i}\n" for i in range(60)) + "a dog in a barn;60\n")
    minors.write_text("a little girl in a barn\na green barn\n")
    config = TemplatesConfig(preserve_source=["vocabulary", str(many), str(minors), str(many)], preserve_count=40)
    built = build(("dog", "cat"), config=config)
    used = {text for text in built.preserve if "barn" in text.split()}
    assert (built.left_out_sentences, built.dropped) == (1, 1)
    assert built.unused_sentences == 61 - len(used) > 0
    line = format_sentences(prompt_facts(built))
    assert f"{built.unused_sentences} of templates.preserve_source left out for want of room" in line
    assert line.endswith("; 1 dropped for mentioning a minor.")
    roomy = build(("dog", "cat"), config=replace(config, preserve_count=200))
    assert {f"a barn number {i}" for i in range(60)} <= set(roomy.preserve)
    assert roomy.unused_sentences == 0


def test_held_out_sentences_are_neither_fitted_nor_preserved():
    for words in (lexicon(), lexicon(tuple(f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(600)))):
        built = build(("dog", "cat"), words=words, config=TemplatesConfig(preserve_count=300))
        fitted = {p.target_prompt for p in built.pairs}
        assert len(built.held_out.pairs) > 20
        assert not fitted & {p.target_prompt for p in built.held_out.pairs}
        unseen = {text for text in built.held_out.unseen if " " not in text}
        assert unseen
        assert not mentions_any(" ".join(built.preserve), unseen)
        assert not mentions_any(" ".join(fitted), unseen)


def test_the_same_arguments_give_the_same_sentences():
    assert build(("dog", "cat")) == build(("dog", "cat"))
    assert build(("dog", "cat")) != build(("dog", "cat"), config=TemplatesConfig(seed=1))


def test_bare_names_to_retain_are_the_users_or_the_models_words():
    assert build(("dog", "cat"), preserve=["fox", "owl"]).retained == ("fox", "owl")
    words = build(("dog", "cat")).retained
    assert words[0] == "cat"
    assert {"car", "wolf"} <= set(words)
    assert not {"dog", "dogs"} & set(words)


def test_own_templates():
    config = TemplatesConfig(templates=["{n}", "{c} at night"], preserve_empty=False, contexts=0)
    built = build(("snoopy", "dog"), config=config)
    assert [(p.target_prompt, p.anchor_prompt) for p in built.pairs] == [
        ("snoopy", "dog"), ("snoopy at night", "a dog at night"),
    ]  # fmt: skip
    for templates, message in (
        (["a photo"], "without a place for the concept"),
        (["{n} {style}"], "unknown slot"),
        (["snoopy and {n}"], "names 'snoopy' or 'dog' twice"),
    ):
        with pytest.raises(UserError, match=message):
            build(("snoopy", "dog"), config=replace(config, templates=templates))


def test_an_empty_anchor():
    built = build(("nudity", ""), kind="nudity")
    assert {p.anchor_prompt for p in built.pairs} == {""}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": 0}, r"templates\.count must be 1 or more"),
        ({"contexts": -1}, r"templates\.contexts must be 0 or more"),
        ({"preserve_count": -1}, r"templates\.preserve_count must be 0 or more"),
        ({"preserve_neighbors": -1}, r"templates\.preserve_neighbors must be 0 or more"),
        ({"preserve_long": 1.5}, r"from 0 to 1"),
        ({"grammar": "opn"}, "Did you mean 'open'"),
        ({"grammar": "miniature"}, "serves model=miniature alone"),
    ],
)
def test_values_out_of_range_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        check_sentences(concepts_of(("dog", "cat")), TemplatesConfig(**values))


def test_the_words_of_the_test_lexicon_hold_what_the_tests_ask_for():
    assert {"dogs", "doggy", "wolf", "puppy", "girl", "nude"} <= set(WORDS)


def test_the_known_grammar_is_checked_on_open_sentences_too():
    concepts = load_concepts(ConceptsConfig(pairs=[["dog", "cat"]]), "miniature")
    with_words, without = (make_edit_prompts(concepts, KNOWN, words) for words in (lexicon(), None))
    assert without.held_out is None
    assert replace(with_words, held_out=None) == without
    assert len(with_words.held_out.pairs) > 20
    assert not mentions_any(" ".join(without.preserve), [t for t in with_words.held_out.unseen if " " not in t])


def test_the_singular_of_a_plural_target_is_left_out_too():
    assert {"dog", "dogs"} <= set(build(("dogs", "cats")).left_out)
    assert not re.search(r"\bdogs?\b", " ".join(build(("dogs", "cats")).preserve))


def test_no_preserved_sentence_names_the_erased_in_its_own_words():
    assert not find_words(" ".join(build(("shot", "tree")).preserve), "shot")
    style = build(("painting", "cartoon"), kind="style")
    assert not find_words(" ".join(style.preserve), "painting")
    words = lexicon(("hot", "dog", *WORDS))
    assert not any("hot dog" in text for text in build(("hot dog", "tree"), words=words).preserve)


def test_every_name_that_is_to_stay_is_preserved_however_many():
    names = [f"thing {chr(97 + i // 26)}{chr(97 + i % 26)}x" for i in range(300)]
    text = "\n".join(build(("dog", "cat"), preserve=names, config=TemplatesConfig(preserve_count=100)).preserve)
    assert all(find_words(text, name) for name in (*names, "cat"))


def test_a_word_that_a_name_or_a_file_holds_is_not_held_out(tmp_path):
    word = build(("dog", "cat")).held_out.unseen[0]
    file = tmp_path / "mine.txt"
    file.write_text(f"the {word} of a king\n")
    for more in ({"preserve": [f"old {word}"]}, {"config": TemplatesConfig(preserve_source=["vocabulary", str(file)])}):
        assert word not in build(("dog", "cat"), **more).held_out.unseen


def test_a_plural_that_is_the_anchor_is_no_sentence():
    for pair in (("person", "people"), ("dog", "dogs"), ("wolf", "wolves")):
        assert all(p.called.target != p.called.anchor for p in build(pair).pairs)


def test_a_cell_with_a_line_break_and_one_that_is_too_long(tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text('prompt\n"a red\nbarn"\n')
    assert "a red barn" in build(("dog", "cat"), config=TemplatesConfig(preserve_source=[str(table)])).preserve
    table.write_text(f'prompt\n"{"x" * 140_000}"\n')
    with pytest.raises(UserError, match="cannot be read: field larger than"):
        build(("dog", "cat"), config=TemplatesConfig(preserve_source=[str(table)]))


@pytest.mark.parametrize(
    ("synonyms", "message"),
    [
        ({"cow": ["calf"]}, "which is not erased"),
        ({"dog": ["cat"]}, "cannot both go and stay"),
        ({"dog": ["fox"]}, "cannot both go and stay"),
        ({"dog": [None]}, "holds null"),
        ({"dog": ["\u200b"]}, "is no word"),
    ],
)
def test_synonyms_that_cannot_be(synonyms, message):
    with pytest.raises(UserError, match=message):
        concepts_of(("dog", "cat"), synonyms=synonyms, preserve=["fox"])


def test_synonyms_go_by_the_targets_spelling_in_any_vocabulary():
    assert concepts_of(("dog", "cat"), synonyms={"Dog": ["hound"]}).synonyms == (("dog", ("hound",)),)
    config = ConceptsConfig(pairs=[["dog", "cat"]], synonyms={"dog": ["hound"]})
    assert load_concepts(config, "miniature").synonyms == (("dog", ("hound",)),)


def test_a_large_set_is_made_in_little_work(monkeypatch):
    """Every name's plural is worked out once a set, not once a sentence."""
    from erasepro.prompts import fitted_sentences

    turns = []
    monkeypatch.setattr(fitted_sentences, "plural", lambda *words: turns.append(words) or plural(*words))
    build(*((f"thing{chr(97 + i // 26)}{chr(97 + i % 26)}", "tree") for i in range(100)))
    assert len(turns) < 2000


def test_the_order_of_pairs_and_of_preserved_names_changes_no_sentence():
    one = build(("dog", "cat"), ("car", "boat"), preserve=["fox", "owl"])
    other = build(("car", "boat"), ("dog", "cat"), preserve=["owl", "fox"])
    assert one.preserve == other.preserve
    assert set(one.pairs) == set(other.pairs)
    assert set(one.held_out.pairs) == set(other.held_out.pairs)

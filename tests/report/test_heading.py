"""The lines above a run's tables."""

from erasepro.report.heading import format_pairs, format_sentences, printed


def prompts(*left_out):
    return {"pairs": 1200, "preserve": 2, "left_out": list(left_out)}


def test_what_an_edit_is_built_from_and_what_is_left_out():
    assert format_sentences(prompts()) == "Sentences: 1,200 fitted, 2 preserved."
    named = format_sentences(prompts("dog", "dogs"))
    assert named == "Sentences: 1,200 fitted, 2 preserved; left out because they name the erased: dog, dogs."
    of_files = format_sentences(prompts("dog") | {"left_out_sentences": 2})
    assert of_files.endswith("they name the erased: dog, and 2 sentences of templates.preserve_source.")
    alone = format_sentences(prompts() | {"left_out_sentences": 1})
    assert alone.endswith("left out because they name the erased: 1 sentence of templates.preserve_source.")
    assert format_sentences(prompts(*(f"dog{i}" for i in range(20)))).endswith("dog10, dog11, ….")


def test_the_first_pairs_and_how_many_more():
    assert format_pairs([["dog", "cat"], ["nudity", ""]]) == "dog → cat, nudity → (empty)"
    assert format_pairs([["a", "b"]] * 6).endswith(" and 2 more")


def test_a_heading_fits_the_terminal(monkeypatch):
    heading = " · ".join(["dog → cat, apple → pear and 7 more", "miniature", "uce_best ridge=7.0", "16 steps, guidance 3"] * 2)
    for width in (80, 100, 160):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = printed(heading).splitlines()
        assert max(map(len, lines)) <= width
        assert " ".join(" ".join(lines).split()) == heading
    monkeypatch.setenv("COLUMNS", "80")
    assert printed(heading).splitlines()[1].startswith("  16 steps, guidance 3 · dog → cat"), "a part is on one line"
    assert max(map(len, printed("word " * 60).splitlines())) <= 80

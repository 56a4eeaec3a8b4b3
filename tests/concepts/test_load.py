"""Concept sets: contradictions, the command line's list, CSV files, unknown names."""

from dataclasses import replace

import pytest

from erasepro.concepts.load import check_known, given_pairs, load_concepts, parse_pairs, read_pairs
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.config.schema import ConceptsConfig
from erasepro.errors import UserError


def concepts(*pairs, **more):
    return ConceptSet("test", more.pop("kind", "instance"), tuple(ConceptPair(*p) for p in pairs), **more)


def raises(*words):
    return pytest.raises(UserError, match=".*".join(words))


def test_names_are_trimmed():
    assert ConceptPair("  teddy   bear ", " cat") == ConceptPair("teddy bear", "cat")
    assert ConceptPair("nudity", "").anchor == ""


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ConceptPair("Dog", " dog "), ["'Dog' is its own anchor"]),
        (lambda: ConceptPair("ＤＯＧ", "d\u200bog"), ["is its own anchor"]),
        (lambda: ConceptPair(" ", "cat"), ["no target", "'cat'"]),
        (lambda: ConceptPair("\u200b", "cat"), ["no target", "'cat'"]),
        (lambda: ConceptPair("dog", 5), ["anchor is text", "5"]),
        (lambda: concepts(("dog", "cat"), ("Dog", "fox")), ["two anchors", "'cat'", "'fox'"]),
        (lambda: concepts(("dog", "cat"), ("cat", "fox")), ["anchor 'cat' of 'dog' is itself erased", "'fox'"]),
        (lambda: concepts(("dog", "cat"), ("cat", "dog")), ["is itself erased"]),
        (lambda: concepts(("dog", "cat"), preserve=("DOG",)), ["both erased and in concepts.preserve"]),
        (concepts, ["no pairs", "concepts.pairs"]),
        (lambda: concepts(("dog", "cat"), kind="instanse"), ["Did you mean 'instance'"]),
        (lambda: concepts(("dog", "cat"), vocabulary="mini"), ["Did you mean 'miniature'"]),
    ],
)
def test_contradictions(make, words):
    with raises(*words):
        make()


def test_a_pair_given_twice_counts_once():
    found = concepts(("dog", "cat"), ("dog", "cat"), ("fox", "cat"))
    assert found.targets == ("dog", "fox")
    assert found.anchors == ("cat",)


@pytest.mark.parametrize(
    "pairs",
    [
        "dog",
        [["dog"]],
        ["dog", "cat"],
        [["dog", "cat", "fox"]],
        [["dog", None]],
        {"dog": "cat"},
        3,
        [{"dog": "cat"}],
        [b"ab"],
    ],
)
def test_bad_lists_show_the_right_form(pairs):
    with raises(r"concepts.pairs=\[\[dog,cat\],\[apple,pear\]\]"):
        parse_pairs(pairs)


def test_load_from_configs():
    config = ConceptsConfig(name="x", kind="style", pairs=[["van gogh", "painting"]], preserve=["monet"])
    concepts = load_concepts(config)
    assert (concepts.name, concepts.kind, concepts.targets, concepts.preserve) == (
        "x",
        "style",
        ("van gogh",),
        ("monet",),
    )
    with raises("concepts.preserve", "monet"):
        load_concepts(replace(config, preserve="monet"))


def test_miniature_names():
    found = load_concepts(ConceptsConfig(pairs=[["Dog", "CAT"]], preserve=["Lion"]), "miniature")
    assert (found.pairs, found.preserve) == ((ConceptPair("dog", "cat"),), ("lion",))
    with raises(r"Unknown concept 'elefant' \(target of \[elefant,cat\]\)", "Did you mean 'elephant'"):
        load_concepts(ConceptsConfig(pairs=[["elefant", "cat"]]), "miniature")
    with raises(r"Unknown concept 'pupy'.* Did you mean 'dog' \(for 'puppy'\)\?", "see `erasepro ls vocabulary`"):
        load_concepts(ConceptsConfig(pairs=[["pupy", "cat"]]), "miniature")
    with raises("Unknown concept 'ink'", "a drawing style: add concepts.kind=style"):
        load_concepts(ConceptsConfig(pairs=[["ink", "cat"]]), "miniature")
    with raises(r"'bumblebee' is another word for .* 'bee': \[bee,bumblebee\] names it twice, choose another anchor"):
        load_concepts(ConceptsConfig(pairs=[["bee", "bumblebee"]]), "miniature")
    for pair in (["dogs", "dog"], ["bee", "bumblebee"], ["dog", "dogs"]):
        with pytest.raises(UserError) as info:
            load_concepts(ConceptsConfig(pairs=[pair]), "miniature")
        assert info.value.hint is None, "nothing to paste that would be refused in its turn"
    long = " ".join(["word"] * 100)
    with pytest.raises(UserError) as info:
        load_concepts(ConceptsConfig(pairs=[[long, "dog"]]), "miniature")
    assert len(str(info.value)) < 400
    with raises("'puppy' is another word for", "'dog'"):
        load_concepts(ConceptsConfig(pairs=[["puppy", "cat"]]), "miniature")
    with raises("Unknown style 'inc'", "Did you mean 'ink'"):
        load_concepts(ConceptsConfig(kind="style", pairs=[["inc", "noto"]]), "miniature")
    with raises("concepts.preserve", "Did you mean 'lion'"):
        check_known(concepts(("dog", "cat"), preserve=("lyon",)), ["dog", "cat", "lion"])


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "pairs.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "text",
    [
        'target,anchor\ndog,cat\n\n"o\'keeffe, g",artist\nnudity,\n',
        '\ufeffAnchor, Target,why\r\ncat,dog,x\r\nartist,"o\'keeffe, g",\r\n,nudity,\r\n,,\r\n',
    ],
)
def test_csv(tmp_path, text):
    assert read_pairs(write(tmp_path, text)) == (
        ConceptPair("dog", "cat"), ConceptPair("o'keeffe, g", "artist"), ConceptPair("nudity", ""),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        ("dog,cat\napple,pear\n", "utf-8", ["no column 'target'", "first line is 'dog,cat'", "target,anchor"]),
        ("target\ndog\n", "utf-8", ["no column 'anchor'"]),
        ("", "utf-8", ["no column 'target'"]),
        ("target,anchor\n", "utf-8", ["no pairs below its header"]),
        ("target,anchor\ndog\n", "utf-8", ["line 2", "a cell is missing"]),
        ("target,anchor\ndog,cat\na,b,c\n", "utf-8", ["line 3", "double quotes"]),
        ("target,anchor\ncafé,bar\n", "latin-1", ["not UTF-8"]),
        ("target,anchor\nfox,cat\ndog,Dog\n", "utf-8", ["line 3", "its own anchor"]),
        ("target,anchor\n,fox\n", "utf-8", ["line 2", "no target"]),
        ("target,anchor\ndog,cat\nDOG,fox\n", "utf-8", ["two anchors"]),
        ("target,anchor\ndog,cat\ncat,fox\n", "utf-8", ["itself erased"]),
        ("target,Target,anchor\na,b,c\n", "utf-8", ["2 columns 'target'"]),
    ],
)
def test_bad_csv(tmp_path, text, encoding, words):
    with raises("pairs.csv", *words):
        read_pairs(write(tmp_path, text, encoding))


def test_missing_csv_and_a_file_in_place_of_the_list(tmp_path):
    with raises("nowhere.csv", "no such file"):
        read_pairs(tmp_path / "nowhere.csv")
    with raises(tmp_path.name, "it is a folder"):
        read_pairs(tmp_path)
    with raises("cannot be read", "name too long"):
        read_pairs("x" * 5000)
    with raises("first line is", " …") as caught:
        read_pairs(write(tmp_path, "\0" * 5000))
    assert len(str(caught.value)) < 800
    path = write(tmp_path, "target,anchor\napple,pear\n")
    assert load_concepts(ConceptsConfig(pairs=[["dog", "cat"]], file=str(path))).targets == ("apple",)


def test_a_file_that_the_system_will_not_read(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(5, "Input/output error")

    path = write(tmp_path, "target,anchor\ndog,cat\n")
    monkeypatch.setattr(type(path), "open", fail)
    with raises("pairs.csv", "cannot be read", "Input/output error"):
        read_pairs(path)


@pytest.mark.parametrize(
    "wrong",
    [5, None, "dog", b"ab", ["ab"], [b"ab"], [5], {5: "cat"}, {"dog": float("nan")}, {"dog": ["cat"]}, [("a",)]],
)
def test_only_text_makes_a_pair(wrong):
    with raises("target: anchor", "in text"):
        given_pairs(wrong)
    assert given_pairs({"dog": "cat"}) == [("dog", "cat")]
    assert len(given_pairs([["dog", "cat"], ConceptPair("fox", "cat")])) == 2


def test_a_pair_that_mentions_a_minor_is_left_out_of_its_list_and_counted(tmp_path):
    rows = [f"thing {place},cat" for place in range(1000)]
    rows[7:7] = ["a child,cat", "Alvin Childress,man", "dog,a ten year old boy"]
    path = write(tmp_path, "\n".join(["target,anchor", *rows]) + "\n")
    of_file = load_concepts(ConceptsConfig(file=str(path)))
    assert (len(of_file.pairs), of_file.left_out) == (1001, 2)
    assert "Alvin Childress" in of_file.targets
    assert of_file.left_out_line == "Concepts: 1,001 pairs; 2 left out for mentioning a minor"
    listed = load_concepts(ConceptsConfig(pairs=[["dog", "cat"], ["girl", "cat"]], synonyms={"girl": ["lass"]}))
    assert (listed.targets, listed.left_out, listed.synonyms) == (("dog",), 1, ())
    assert listed == load_concepts(ConceptsConfig(pairs=[["dog", "cat"]]))
    clean = concepts(("dog", "cat"))
    assert (clean.left_out, clean.left_out_line) == (0, "")
    assert load_concepts(ConceptsConfig(pairs=[["dog", "cat"], ["girl", "cat"]]), "miniature").left_out == 1


def test_a_list_of_nothing_but_minors_is_refused():
    with raises(r"The pair \[child,dog\] of concepts.pairs mentions a minor", "name other concepts"):
        concepts(("child", "dog"))
    with raises("Each of the 2 pairs", "mentions a minor"):
        concepts(("child", "dog"), ("cat", "baby"))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_file_may_be_separated_otherwise(tmp_path, mark):
    path = tmp_path / "pairs.csv"
    path.write_text(f"target{mark}anchor\ndog{mark}cat\napple{mark}\n", encoding="utf-8")
    assert [(pair.target, pair.anchor) for pair in read_pairs(path)] == [("dog", "cat"), ("apple", "")]

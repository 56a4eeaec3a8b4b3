"""A text that Hydra reads otherwise, or not at all, is told with a line that a shell takes as it stands."""

import re
import shlex

import pytest

from erasepro.config.quoting import as_word, readable, texts_quoted
from erasepro.errors import UserError
from erasepro.runs.resolve import compose

NAMES = [
    "O'Keeffe", "(dog)", "a=b", "d'Arc (saint)", "café", "Fish & Chips", "Yahoo!", 'the "Scream"', "#1", "a;b", "AC/DC", "50%",
]  # fmt: skip


def compose_or_paste(word):
    """The config of an override or, where it is refused, of the line that the refusal ends with, taken as a shell does."""
    told = ""
    try:
        return compose([word])
    except UserError as error:
        told = str(error)
    line = re.search(r"write ('concepts\.pairs=.*)\.$", told)
    assert line, told
    return compose(shlex.split(line[1]))


@pytest.mark.parametrize(
    ("name", "form"),
    [*((name, "[[{},cat]]") for name in NAMES), (NAMES[0], "[[dog,cat],[{}, an artist]]"), (NAMES[1], "[[a=c,b],[{},d]]")],
)
def test_the_line_that_is_told_gives_the_name(name, form):
    cfg = compose_or_paste(f"concepts.pairs={form.format(name)}")
    assert name in [pair[0] for pair in cfg.concepts.pairs]


@pytest.mark.parametrize("name", ["true", "False", "007", "1.50", "1e3", "1_000", "nan", "-inf", "7", "+5"])
def test_what_looks_like_a_number_stays_text(name):
    assert compose_or_paste(f"concepts.pairs=[[{name},cat]]").concepts.pairs[0][0] == name


def test_other_keys_of_text_too():
    for word, line in (
        ("model.revision=12e4567", """write 'model.revision="12e4567"'."""),
        ("concepts.preserve=[true]", """write 'concepts.preserve=["true"]'."""),
        ("outputs.dir=a=b", """write 'outputs.dir="a=b"'."""),
        ("model.source=O'Keeffe", """write 'model.source="O'"'"'Keeffe"'."""),
        ("name=a(b)", """write 'name="a(b)"'."""),
    ):
        with pytest.raises(UserError) as caught:
            compose([word])
        assert str(caught.value).endswith(line)
    assert compose(["concepts.preserve=[horse,7,1.5]", "model.revision=null"]).concepts.preserve == ["horse", "7", "1.5"]


def test_quotes_that_do_not_help_are_not_offered():
    assert readable("x", "[[dog,cat]") is None
    assert readable("x", "[dog,cat]") is None
    assert texts_quoted('["true",dog]', numbers_stay=False) == '["true",dog]'
    assert as_word("x", "3") == "x=3"

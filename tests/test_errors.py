"""The exception that a user reads is one line, of a length that can be read, with the status the command leaves with."""

import pytest

from erasepro.cli.main import main
from erasepro.concepts.pairs import ConceptPair, ConceptSet
from erasepro.config.check_overrides import check_overrides
from erasepro.errors import OutOfSpace, UserError, begun, hidden_character, unknown


def test_one_line_and_no_endless_word():
    assert str(UserError("a\n b\tc")) == "a b c"
    line = str(UserError(f"Unknown {'z' * 5000!r}."))
    assert len(line) < 150
    assert "(5,003 characters)" in line
    path = "/".join(["folder"] * 100)
    assert path in str(UserError(path)), "a path, or a line to paste, stays whole"


def test_a_full_disk_is_a_failure_and_a_mistake_is_one():
    assert (UserError.status, OutOfSpace.status) == (2, 1)


def test_half_a_character_is_no_text():
    assert hidden_character("café 😀") is None
    assert hidden_character("d\ud800g") == "\ud800"
    with pytest.raises(UserError, match=r"An override holds the control character"):
        check_overrides(["name=a\tb\ud800"])
    for make in (
        lambda: ConceptPair("d\ud800g", "cat"),
        lambda: ConceptPair("dog", "\udcff"),
        lambda: ConceptSet("a", "instance", (ConceptPair("dog", "cat"),), ("\ud800",)),
    ):
        with pytest.raises(UserError, match="holds the control character") as caught:
            make()
        str(caught.value).encode()


@pytest.mark.parametrize("words", [["concepts.pairs=[[d\udcff,cat]]"], ["--cfg", "name=\udcff"], ["-m", "name=\udcff"]])
def test_bytes_that_are_no_text_are_one_line_of_the_command(words, capsys):
    assert main(words) == 2
    assert "on the command line is not UTF-8" in capsys.readouterr().err


def test_names_that_begin_with_the_word_are_suggested_first():
    metrics = ["clip_accuracy_pairwise", "clip_accuracy_top1", "clip_score", "fid"]
    error = unknown("metric", "Clip_acc", metrics)
    assert "Did you mean 'clip_accuracy_pairwise' or 'clip_accuracy_top1'? Known: " in str(error)
    assert error.hint is None, "the choice is the user's"
    error = unknown("metric", "clip_accuracy_t", metrics)
    assert "Did you mean 'clip_accuracy_top1'?" in str(error)
    assert error.hint == ("clip_accuracy_t", "clip_accuracy_top1")
    assert "Did you mean 'clip_score'?" in str(unknown("metric", "clip_scroe", metrics)), "else the nearest"
    assert begun("fi", metrics) == [], "two letters say nothing"
    assert begun("clip", [*metrics, "clip_fd"]) == [], "and four names ask too much"

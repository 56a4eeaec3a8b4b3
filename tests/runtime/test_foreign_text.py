"""Someone else's words are shown as they are, and command neither a terminal nor a page."""

import re
from html import unescape

import pytest
from markdown_it import MarkdownIt

from erasepro.errors import UserError, hidden_character, visible
from erasepro.runtime.foreign_text import BREAKS, check_name, code_span, escape_markdown

HOSTILE = ("\x1b[31mred", "a\x07b", "x\u202ecod", "\u2066x\u2069", "a\u2028b", "a\x9b31m", "a\x7f", "a\ud800")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_commands_a_terminal_is_written_out(text):
    assert hidden_character(text)
    assert hidden_character(visible(text)) is None
    assert hidden_character(escape_markdown(text)) is None
    assert hidden_character(code_span(text)) is None
    assert hidden_character(str(UserError(f"no {text}"))) is None
    assert visible(visible(text)) == visible(text)
    with pytest.raises(UserError, match="control character"):
        check_name(text, "concepts.pairs", allowed=BREAKS)


def test_the_form_is_that_of_a_python_text():
    assert visible("\x1b[31m \u202e \n") == "\\x1b[31m \\u202e \\n"


@pytest.mark.parametrize("text", ["chien égaré", "犬", "كلب", "میزِ‌من", "👩‍🚀", "Georgia O'Keeffe", "a_b (c) – 5 %"])
def test_words_of_any_language_stay(text):
    assert visible(text) == text
    check_name(text, "concepts.pairs")


def test_line_breaks_are_refused_only_where_they_matter():
    check_name("a\nb", "concepts.pairs", allowed=BREAKS)
    with pytest.raises(UserError, match=re.escape(r"outputs.dir holds the control character '\n' ('a\nb')")):
        check_name("a\nb", "outputs.dir")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[x](javascript:y)", r"\[x\](javascript:y)"),
        ("![x](http://y)", r"!\[x\](http\://y)"),
        ("http://y www.z", r"http\://y www\.z"),
        ("a|b\n# c", r"a\|b \# c"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("_a_ clip_score", r"\_a\_ clip_score"),
        ("1. a", r"1\. a"),
        ("- a", r"\- a"),
        ("-0.5 ± 0.1", "-0.5 ± 0.1"),
        ("@all", r"\@all"),
    ],
)
def test_markdown_means_nothing_but_itself(text, escaped):
    assert escape_markdown(text) == escaped


def test_code_cannot_be_left():
    assert code_span("uce") == "`uce`"
    assert code_span("a`b``c") == "```a`b``c```"
    assert code_span("`") == "`` ` ``"
    assert code_span("") == "` `"


@pytest.mark.parametrize(
    "text",
    ["<b>x</b>", "![x](http://y)", "[x](javascript:y)", "a|b", "a\\|b", "&lt;b&gt;", "1. a", "- a", "# h", "> q", "`c`", "*a*"],
)
def test_a_reader_of_markdown_sees_the_words_themselves(text):
    """Rendered and unescaped, in a paragraph, in a table's cell and as code."""
    reader = MarkdownIt("commonmark").enable("table")
    table = f"| a | b |\n|---|---|\n| {escape_markdown(text)} | 1 |"
    assert unescape(reader.render(escape_markdown(text))).strip() == f"<p>{text}</p>"
    assert f"<td>{text}</td>" in unescape(reader.render(table))
    assert unescape(reader.render(code_span(text))).strip() == f"<p><code>{text}</code></p>"

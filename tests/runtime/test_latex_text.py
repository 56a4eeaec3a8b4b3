"""Text for LaTeX: any words are set as nothing but themselves, by any engine."""

import re

import pytest

from erasepro.runtime.latex_text import escape_latex


@pytest.mark.parametrize(
    ("words", "escaped"),
    [
        (r"50% of $x_1 & #2 {a} \input", r"50\% of \$x\_1 \& \#2 \{a\} \textbackslash{}input"),
        ("~^<|>", r"\textasciitilde{}\textasciicircum{}\textless{}\textbar{}\textgreater{}"),
        ('say "hi"', r"say {\char34}hi{\char34}"),
        ("--, ''", "-{}-, '{}'"),
        ("?`", "?{}`{}"),
        ("↑ ↓ → ± – ‖ΔW‖", r"$\uparrow$ $\downarrow$ $\rightarrow$ $\pm$ -- $\|$$\Delta$W$\|$"),
        ("Renée Žižek Åse", r"Ren\'{e}e \v{Z}i\v{z}ek \r{A}se"),
        ("Strauß, Łódź", r"Strau\ss{}, \L{}\'{o}d\'{z}"),
        ("猫", r"{\ifdefined\Umathchar 猫\else [U+732B]\fi}"),
        ("[60]", "{}[60]"),
        ("* a", "{}* a"),
        ("a\n\n b", "a b"),
        ("\x1b\u202e", r"\textbackslash{}x1b\textbackslash{}u202e"),
    ],
)
def test_words_are_set_as_themselves(words, escaped):
    assert escape_latex(words) == escaped


def test_no_character_of_ascii_is_a_command():
    for code in range(32, 127):
        shown = escape_latex(f"a{chr(code)}b")
        bare = re.sub(r"\\(?:[%&#_${}]|[a-z]+(?:\{\}|34))|\{\}", "", shown)
        assert not re.search(r"[\\%&#_$~^]", bare), shown

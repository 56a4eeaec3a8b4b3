r"""Text for LaTeX. Any text may be someone else's: each is set as nothing but itself, under any engine and any preamble.

pdfTeX stops at a letter that its fonts lack. Accents are written as commands that every preamble knows; of what is left,
XeTeX and LuaTeX set the character itself and pdfTeX its number, ``[U+732B]``.
"""

from __future__ import annotations

import unicodedata

from erasepro.errors import visible

SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "`": "{}`{}", '"': r"{\char34}",
    **{character: f"\\{character}" for character in "_%&#${}"},
}  # fmt: skip
"""What TeX reads as a command, or sets as something else (OT1 has no <, > and |; babel makes " a command)."""

JOINED = "-',"
"""Two of these in a row become another character."""

SYMBOLS = {
    "↑": r"$\uparrow$", "↓": r"$\downarrow$", "→": r"$\rightarrow$", "←": r"$\leftarrow$", "±": r"$\pm$", "‖": r"$\|$",
    "−": "$-$", "–": "--", "—": "---", "×": r"$\times$", "·": r"$\cdot$", "√": r"$\surd$", "≤": r"$\leq$", "≥": r"$\geq$",
    "≠": r"$\neq$", "≈": r"$\approx$", "∞": r"$\infty$", "°": r"$^\circ$", "²": "$^2$", "³": "$^3$", "…": r"\ldots{}",
    "Δ": r"$\Delta$", "Σ": r"$\Sigma$", "α": r"$\alpha$", "β": r"$\beta$", "λ": r"$\lambda$", "μ": r"$\mu$", "µ": r"$\mu$",
    "σ": r"$\sigma$", "‘": "`{}", "’": "'{}", "“": "``{}", "”": "''{}", "§": r"\S{}",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
}  # fmt: skip
"""What our own tables use, and the letters that need a command of their own."""

ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".", "\u0308": '"',
    "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip
"""Combining marks of Unicode -> the commands that set them."""


def escape_latex(words: object) -> str:
    """Someone's words on one line of LaTeX: no command, no comment, no column, no formula, no optional argument."""
    text = unicodedata.normalize("NFC", visible(" ".join(str(words).split())))
    parts: list[str] = []
    for place, character in enumerate(text):
        after = "{}" if character in JOINED and text[place + 1 : place + 2] == character else ""
        parts.append(_set(character) + after)
    line = "".join(parts)
    return f"{{}}{line}" if line[:1] in ("[", "*") else line  # behind \\ and \midrule they begin an argument


def _set(character: str) -> str:
    if character in SPECIAL:
        return SPECIAL[character]
    if character in SYMBOLS:
        return SYMBOLS[character]
    if character.isascii():
        return character
    base, marks = unicodedata.normalize("NFD", character)[:1], unicodedata.normalize("NFD", character)[1:]
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks in ACCENTS:
        return f"\\{ACCENTS[marks]}{{{base}}}"
    return f"{{\\ifdefined\\Umathchar {character}\\else [U+{ord(character):04X}]\\fi}}"

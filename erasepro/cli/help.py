"""``erasepro help [VERB]``: every verb, the groups of settings, and examples; or one verb. It fits the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from erasepro.cli.verb_help import EXAMPLES, RUN, VERB_HELP
from erasepro.cli.verbs import VERBS
from erasepro.config.paths import groups, listing
from erasepro.errors import UserError, unknown
from erasepro.runtime.terminal import terminal_width, wrapped

TITLE = "erasepro: erase concepts from text-to-image models, and measure what is gone and what is kept."
RESULTS = "Results: outputs/<name>-<signature>/results.json, with the edit, the images and a before/after grid beside it."


def command(words: Sequence[str]) -> int:
    """Print the help, of one verb where one is named. Raises UserError for more than one word, or one that is no verb."""
    if len(words) > 1:
        raise UserError("help takes one verb: erasepro help [VERB].")
    if not words:
        return print_help()
    if words[0] == "tables":
        from erasepro.report.terms import terms_page

        print(terms_page())
        return 0
    if words[0] not in VERBS:
        raise unknown("verb", words[0], VERBS)
    return print_verb(words[0])


def print_help() -> int:
    """Every verb, the groups with their options, examples."""
    width = terminal_width()
    verbs = [(f"erasepro {help.usage}", help.summary) for help in (RUN, *VERB_HELP.values())]
    flags = [(word, _meaning(default, meaning)) for word, default, meaning in RUN.words]
    options = {group: names for group, names in groups().items() if names}
    column = max(map(len, options)) + 4
    listed = []
    for group, names in options.items():
        more = f" … ({len(names)}: {listing(group)})"
        listed.append((group, textwrap.shorten(", ".join(names), max(width - column, 30), placeholder=more)))
    lines = [
        *_wrapped(TITLE, width), "", *_entries(verbs, width), "", "Options of a run:", *_entries(flags, width, 18), "",
        "Groups (choose with group=option):", *_entries(listed, width, column), "", "Examples:",
        *_entries(EXAMPLES, width), "", *_wrapped(RESULTS, width),
    ]  # fmt: skip
    print("\n".join(lines))
    return 0


def print_verb(verb: str) -> int:
    """One verb: its usage, what it does, its own words with their defaults, and examples."""
    about, width = VERB_HELP[verb], terminal_width()
    lines = [*_wrapped(f"erasepro {about.usage}", width, "    "), "", *_wrapped(f"{_sentence(about.summary)}", width)]
    if about.words:
        words = [(word, _meaning(default, meaning)) for word, default, meaning in about.words]
        lines += ["", *_entries(words, width, max(len(word) for word, _ in words) + 4)]
    if about.more:
        lines += ["", *_wrapped(about.more, width)]
    examples = [line for example in about.examples for line in _wrapped(f"  {example}", width, "      ")]
    lines += ["", "Example:" if len(about.examples) == 1 else "Examples:", *examples]
    lines += ["", *_wrapped("erasepro help: every verb, the groups of settings, and examples.", width)]
    print("\n".join(lines))
    return 0


def _meaning(default: str, meaning: str) -> str:
    return f"{meaning} (default: {default})" if default else meaning


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _entries(rows: Iterable[tuple[str, str]], width: int, column: int = 0) -> Iterator[str]:
    """Words with their meanings in a second column; below them without one, and where a word is too long for it."""
    for word, meaning in rows:
        if len(word) + 4 <= column and width - column >= 24:
            yield from _wrapped(f"  {word:<{column - 2}}{meaning}", width, " " * column)
        else:
            yield from _wrapped(f"  {word}", width, "      ")
            yield from _wrapped(f"      {meaning}", width, "      ") if meaning else ()


def _wrapped(text: str, width: int, further: str = "") -> list[str]:
    """A text in lines of at most ``width`` columns; those behind the first begin with ``further``, or as the text does."""
    lead = text[: len(text) - len(text.lstrip())]
    return wrapped(text, width, further or lead).splitlines() or [""]

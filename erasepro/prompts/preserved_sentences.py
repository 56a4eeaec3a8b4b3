"""Sentences about what must stay, for any model: out of its own words, of names that the user gives, and of files."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path

from erasepro.concepts.pairs import ConceptSet, folded
from erasepro.concepts.safety.minors import mentions_minor
from erasepro.config.schema import TemplatesConfig
from erasepro.errors import UserError, unknown
from erasepro.prompts.articles import with_article
from erasepro.prompts.common_names import ARTISTS, MEDIA
from erasepro.prompts.left_out import is_left_out
from erasepro.prompts.lexicon import Lexicon
from erasepro.prompts.sets.column_names import COLUMN_NAMES
from erasepro.prompts.sets.read import LINE, READERS, read_table
from erasepro.prompts.templates.bank import fill
from erasepro.prompts.templates.open import THINGS
from erasepro.prompts.word_contexts import WordMix, draw_fitting, fits_context, long_sentence, word_mix

SOURCES = ("vocabulary", "concepts")
SHORT = ("{n}", "{c}", "a shot of {c}", "the {n}", "a {n}", "a shot of {n}")
"""Short forms of a word, with and without article: it may be no noun at all."""
SHORT_STYLE = ("{x} in {s} style", "by {s}", "{x} by {s}", "a painting in the style of {s}")
PER_NAME, PER_NEIGHBOR = 8, 3
"""Sentences about each name that is to stay, and about each word near to a target or an anchor."""
LONGEST_HEADER = 120  # letters of a file's header in a message
SHARE = 4
"""Names, neighbours, and common styles: each at most this part of all sentences (1 / SHARE)."""


def sentences_of_the_model(config: TemplatesConfig, lexicon: Lexicon, words: Sequence[str], kind: str) -> list[str]:
    """``config.preserve_count`` different sentences out of the model's own words, whatever is erased.

    They are the same for every set of concepts of a kind, so that what a solver takes of them can be kept for the model.

    Args:
        words: the model's words, most frequent first.
        kind: of the concept set; styles have forms of their own.
    """
    if "vocabulary" not in config.preserve_source or not words:
        return []
    rng = random.Random(f"{config.seed}/preserve/model")
    writer = _Writer(kind, config, lexicon, word_mix(words, ()), rng, None)
    return _different(writer.about(words, 50), config.preserve_count)


def preserve_in_open_words(
    concepts: ConceptSet,
    config: TemplatesConfig,
    lexicon: Lexicon,
    words: Sequence[str],
    neighbors: Sequence[str],
    of_files: Sequence[str],
    erased: re.Pattern[str],
    shared: Sequence[str],
) -> list[str]:
    """Different sentences to preserve, the most important first.

    The empty prompt, ``concepts.preserve`` and the anchors, the neighbours of targets and anchors, in a style set common
    artists and media, what files hold: ``config.preserve_count`` at most; then as many out of the model's own words.

    Args:
        words: the model's words, most frequent first, without those that name what is erased.
        neighbors: those of them that are nearest to a target or an anchor.
        of_files: what `sentences_of_files` keeps.
        erased: finds what names the erased.
        shared: what `sentences_of_the_model` gives. Those that name the erased are replaced.
    """
    sources = config.preserve_source
    limit = config.preserve_count  # each name that is to stay counts above it
    if not limit:
        return []
    rng = random.Random(f"{config.seed}/preserve")
    names = sorted({name for name in (*concepts.preserve, *concepts.anchors) if name})  # in any order the same sentences
    writer = _Writer(concepts.kind, config, lexicon, word_mix(words, concepts.targets), rng, erased)
    quarter = max(limit // SHARE, 1)
    parts: list[Iterable[str]] = [islice(writer.about(names, PER_NAME), max(quarter, len(names)) if words else None)]
    if "vocabulary" in sources:
        parts.append(islice(writer.about(neighbors, PER_NEIGHBOR), quarter))
        if concepts.kind == "style":
            common = [name for name in (*ARTISTS, *MEDIA) if not is_left_out(name, erased, concepts.kind)]
            parts.append(islice(writer.about(common, PER_NEIGHBOR), quarter))
    parts.append(of_files)
    empty = [""] if config.preserve_empty else []
    own = _different(chain(empty, chain.from_iterable(parts)), max(limit, len(names) + len(empty)))
    kept = [text for text in shared if not is_left_out(text, erased, concepts.kind)]
    instead = _different(writer.about(words, 50), limit, kept) if shared and words else kept
    return list(dict.fromkeys([*own, *instead]))


def _different(sentences: Iterable[str], limit: int, start: Iterable[str] = ()) -> list[str]:
    """The first so many different sentences that mention no minor; those of ``start`` come first."""
    made = dict.fromkeys(start)
    for sentence in sentences:
        if len(made) >= limit:
            break
        if not mentions_minor(sentence):
            made[sentence] = None
    return list(made)


@dataclass(frozen=True)
class FileSentences:
    """What the files in ``templates.preserve_source`` hold, a sentence that stands in them twice once.

    Attributes:
        kept: those to preserve.
        naming_erased, of_minors: how many were left out, as they name what is erased or mention a minor.
    """

    kept: tuple[str, ...] = ()
    naming_erased: int = 0
    of_minors: int = 0


def sentences_of_files(config: TemplatesConfig, kind: str, erased: re.Pattern[str]) -> FileSentences:
    """The sentences of the files in ``config.preserve_source``, and how many were left out.

    Raises UserError for a source that is none, and for a file that cannot be read or holds no sentence.
    """
    found = dict.fromkeys(text for source in named_files(config) for text in read_sentences(source))
    allowed = [text for text in found if not mentions_minor(text)]
    kept = tuple(text for text in allowed if not is_left_out(text, erased, kind))
    return FileSentences(kept, len(allowed) - len(kept), len(found) - len(allowed))


def named_files(config: TemplatesConfig) -> list[str]:
    """The files in ``config.preserve_source``, as they are written there. Raises UserError for a source that is none."""
    files = [source for source in config.preserve_source if source not in SOURCES]
    for file in files:
        if Path(file).suffix.lower() not in READERS:
            raise unknown("source in templates.preserve_source", file, (*SOURCES, f"a file of one of {', '.join(READERS)}"))
    return files


class _Writer:
    """Writes sentences about names, each time in another form."""

    def __init__(
        self,
        kind: str,
        config: TemplatesConfig,
        lexicon: Lexicon,
        words: WordMix,
        rng: random.Random,
        erased: re.Pattern[str] | None,
    ) -> None:
        self.config, self.rng, self.words, self.erased = config, rng, words, erased
        self.forms = SHORT_STYLE + SHORT[:2] if kind == "style" else SHORT
        self.fits = fits_context(lexicon)

    def about(self, names: Sequence[str], rounds: int) -> Iterator[str]:
        """One sentence about each name in turn, so many rounds."""
        for turn in range(rounds):
            for place, name in enumerate(names):
                if self.words.words and self.rng.random() < self.config.preserve_long:
                    made = partial(long_sentence, self.rng, self._form(name), self.words)
                    sentence = draw_fitting(made, self.fits)
                else:
                    sentence = self._short(name, turn + place)
                if sentence is not None and not self._names_the_erased(sentence, name):
                    yield sentence

    def _names_the_erased(self, sentence: str, name: str) -> bool:
        """Whether a sentence names what is erased; where the name itself does (the user's wish), whether the rest does."""
        if self.erased is None:
            return False
        around = sentence.replace(name, " ") if self.erased.search(name) else sentence
        return self.erased.search(around) is not None

    def _form(self, name: str) -> str:
        return self.rng.choice((name, with_article(name, self.config.articles)))

    def _short(self, name: str, turn: int) -> str:
        values = {"n": name, "c": with_article(name, self.config.articles), "s": name, "x": self.rng.choice(THINGS)}
        return fill(self.forms[turn % len(self.forms)], values)


def read_sentences(path: str) -> list[str]:
    """The sentences of a text file (one a line) or of a table (its column of prompts), empty ones left out.

    Raises UserError for a file that cannot be read, has no such column, or holds no sentence.
    """
    key = "templates.preserve_source"
    known = COLUMN_NAMES["prompt"]
    table = read_table(Path(path).expanduser(), key, known)
    named = [[own for own in table.columns if own.casefold() == name] for name in (*known, LINE)]
    columns = next((own for own in named if own), [])
    if len(columns) != 1:
        listed = ", ".join(table.columns)
        shown = listed if len(listed) <= LONGEST_HEADER else f"{listed[:LONGEST_HEADER]} …"
        wanted = f"{', '.join(map(repr, known[:-1]))} or {known[-1]!r}"
        what = f"has columns {' and '.join(map(repr, columns))}" if columns else f"has no column {wanted}"
        raise UserError(f"{key}={path!r} {what}; its header is {shown}.")
    sentences = []
    for row in table.records:
        cell = row.cells.get(columns[0])
        if cell is not None and not isinstance(cell, str):
            raise UserError(f"{key}={path!r}, {row.place}: {columns[0]!r} is {cell!r}, which is no text.")
        sentence = " ".join((cell or "").replace("\0", " ").split())
        sentences += [sentence] if folded(sentence) else []
    if not sentences:
        raise UserError(f"{key}={path!r} holds no sentence: write one a line (.txt), or in the column 'prompt' of a table.")
    return sentences

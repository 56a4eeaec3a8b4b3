"""From a config, a list on the command line or a CSV file to a checked ConceptSet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from erasepro.concepts.miniature.names import NAMES, STYLES, SYNONYMS
from erasepro.concepts.pairs import ConceptPair, ConceptSet, consistent, folded
from erasepro.config.schema import ConceptsConfig
from erasepro.errors import UserError, nearest
from erasepro.runtime.delimiter import delimiter_of

HEADER = ("target", "anchor")
LONGEST_NAME = 60  # letters of a name in a message


def load_concepts(config: ConceptsConfig, vocabulary: str = "open") -> ConceptSet:
    """The concept set that the config group ``concepts`` describes; a ``file`` replaces its ``pairs``.

    With ``vocabulary="miniature"`` every name must be one of the shipped model's concepts (of its styles in a style set).
    Raises UserError for anything a user can get wrong.
    """
    pairs = read_pairs(config.file) if config.file else parse_pairs(config.pairs)
    concepts = ConceptSet(
        name=config.name, kind=config.kind, pairs=pairs, preserve=_names(config.preserve, "concepts.preserve"),
        notes=config.notes, vocabulary=vocabulary,
        synonyms=tuple((str(name), _synonyms(name, words)) for name, words in config.synonyms.items()),
    )  # fmt: skip
    return _in_the_miniature(concepts) if vocabulary == "miniature" else concepts


def parse_pairs(pairs: Any) -> tuple[ConceptPair, ...]:
    """``[[dog, cat], [apple, pear]]`` as pairs. Raises UserError that shows the right form."""
    form = "write 'concepts.pairs=[[dog,cat],[apple,pear]]'"
    if isinstance(pairs, (str, bytes, Mapping)) or not isinstance(pairs, Sequence):
        raise UserError(f"concepts.pairs is {pairs!r}, not a list of [target,anchor]: {form}.")
    parsed = []
    for item in pairs:
        if isinstance(item, ConceptPair):
            parsed.append(item)
            continue
        if isinstance(item, (str, bytes, Mapping)) or not isinstance(item, Sequence) or len(item) != 2:
            shown = item if isinstance(item, str) else list(item) if isinstance(item, Sequence) else item
            raise UserError(f"concepts.pairs holds {shown!r}, not a [target,anchor] of two names: {form}.")
        if item[0] is None or item[1] is None:
            raise UserError(f"concepts.pairs holds {list(item)!r} with a name missing: {form} (an empty anchor is '').")
        if not all(isinstance(word, (str, int)) for word in item):  # a bare number on the command line is a name
            raise UserError(f"concepts.pairs holds {list(item)!r}, whose parts are not names: {form}.")
        parsed.append(ConceptPair(str(item[0]), str(item[1])))
    return tuple(parsed)


def given_pairs(concepts: Any) -> list[Any]:
    """``{target: anchor}`` or a list of ``(target, anchor)``, as the Python API takes them, in a list.

    Raises UserError for anything but two texts: ``str()`` would make a name of whatever it is given.
    """
    form = "concepts are {target: anchor} or a list of (target, anchor), in text, for example {'dog': 'cat'}"
    if isinstance(concepts, (str, bytes)) or not isinstance(concepts, Iterable):
        raise UserError(f"Cannot read concepts from {concepts!r}: {form}.")
    pairs: list[Any] = list(concepts.items()) if isinstance(concepts, Mapping) else list(concepts)
    for pair in pairs:
        two = isinstance(pair, (list, tuple)) and len(pair) == 2 and all(isinstance(word, str) for word in pair)
        if not two and not isinstance(pair, ConceptPair):
            raise UserError(f"Cannot read a pair of concepts from {pair!r}: {form}.")
    return pairs


def read_pairs(path: str | Path) -> tuple[ConceptPair, ...]:
    """Pairs from a CSV file with the header ``target,anchor`` (more columns are ignored; an empty anchor is allowed).

    Raises UserError naming the file, and the line where one is wrong.
    """
    path = Path(path)
    wanted = "give a CSV file with the header 'target,anchor'"
    try:
        if not path.is_file():
            what = "it is a folder" if path.is_dir() else "it is no file" if path.exists() else "no such file"
            raise UserError(f"concepts.file={str(path)!r}: {what}; {wanted}.")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _read(csv.DictReader(stream, skipinitialspace=True, delimiter=delimiter_of(stream)), path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError(f"concepts.file={str(path)!r} cannot be read ({reason}): {wanted}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"concepts.file={str(path)!r} is not UTF-8 text ({error.reason}): save it as UTF-8.") from error
    except csv.Error as error:
        raise UserError(f"concepts.file={str(path)!r} cannot be read as CSV: {error}.") from error


def check_known(concepts: ConceptSet, names: Iterable[str]) -> None:
    """Raise UserError, naming the nearest, where a target, anchor or preserved name is not one of ``names``."""
    known = list(names)
    lookup = {folded(name) for name in known}
    for pair in concepts.pairs:
        for word, role in ((pair.target, "target"), (pair.anchor, "anchor")):
            if word and folded(word) not in lookup:
                raise _unknown_name(concepts, word, f"{role} of [{_short(pair.target)},{_short(pair.anchor)}]", known)
    for word in concepts.preserve:
        if folded(word) not in lookup:
            raise _unknown_name(concepts, word, "concepts.preserve", known)


def _becomes_its_own_anchor(concepts: ConceptSet, word: str, name: str) -> ConceptPair | None:
    """The pair whose target and anchor would be one, were a word in it replaced by this name; None where there is none."""
    ends = {folded(word), folded(name)}
    return next((p for p in concepts.pairs if {folded(p.target), folded(p.anchor)} <= ends), None)


def _short(name: str) -> str:
    """A name as messages show it."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _read(reader: csv.DictReader[str], path: Path) -> tuple[ConceptPair, ...]:
    header = [folded(name or "") for name in reader.fieldnames or ()]
    missing = [name for name in HEADER if name not in header]
    if missing:
        first = ",".join(header)
        raise UserError(
            f"concepts.file={str(path)!r} has no column {missing[0]!r} (its first line is {first[:60]!r}"
            f"{' …' if len(first) > 60 else ''}): start the file with the line 'target,anchor'."
        )
    for name in HEADER:
        if header.count(name) > 1:
            raise UserError(f"concepts.file={str(path)!r} has {header.count(name)} columns {name!r}: keep one of them.")
    reader.fieldnames = header
    pairs = []
    for row in reader:
        where = f"concepts.file={str(path)!r}, line {reader.line_num}"
        if None in row:
            raise UserError(f"{where}: more cells than columns; put names that contain a comma in double quotes.")
        if row["target"] is None or row["anchor"] is None:
            raise UserError(f"{where}: a cell is missing; write 'target,anchor' (an empty anchor keeps its comma).")
        if not row["target"].strip() and not row["anchor"].strip():
            continue  # a line of commas, as spreadsheets leave behind
        try:
            pairs.append(ConceptPair(row["target"], row["anchor"]))
        except UserError as error:
            raise UserError(f"{where}: {error}") from error
    if not pairs:
        raise UserError(f"concepts.file={str(path)!r} holds no pairs below its header.")
    try:
        return consistent(pairs)
    except UserError as error:
        raise UserError(f"concepts.file={str(path)!r}: {error}") from error


def _in_the_miniature(concepts: ConceptSet) -> ConceptSet:
    """The same set with its names spelt as the miniature spells them; UserError for a name it does not know."""
    known = tuple(STYLES) if concepts.kind == "style" else NAMES
    words = [w for p in concepts.pairs for w in (p.target, p.anchor)] + list(concepts.preserve)
    for word in words:
        if concepts.kind != "style" and folded(word) in SYNONYMS:
            name = SYNONYMS[folded(word)]
            twice = _becomes_its_own_anchor(concepts, word, name)
            what = f"[{twice.target},{twice.anchor}] names it twice, choose another anchor" if twice else "name the concept"
            raise UserError(
                f"{word!r} is another word for the miniature's concept {name!r}: {what}.", None if twice else (word, name)
            )
    check_known(concepts, known)
    spelt = {folded(name): name for name in known} | {"": ""}
    return ConceptSet(
        concepts.name,
        concepts.kind,
        tuple(ConceptPair(spelt[folded(p.target)], spelt[folded(p.anchor)]) for p in concepts.pairs),
        tuple(spelt[folded(name)] for name in concepts.preserve),
        concepts.notes,
        concepts.vocabulary,
        concepts.synonyms,
        concepts.left_out,
    )


def _unknown_name(concepts: ConceptSet, word: str, where: str, known: list[str]) -> UserError:
    kind = concepts.kind
    synonyms = {word: name for word, name in SYNONYMS.items() if name in known}
    guess = nearest(word, [*known, *synonyms])
    means = f" (for {guess!r})" if guess in synonyms else ""
    hint = f" Did you mean {synonyms.get(guess, guess)!r}{means}?" if guess else ""
    shown = ", ".join(sorted(known)[:12]) + (f" … ({len(known)} in all)" if len(known) > 12 else "")
    if set(known) in ({*NAMES}, {*STYLES}):
        shown += "; see `erasepro ls vocabulary`"
        if folded(word) in (NAMES if kind == "style" else STYLES):
            hint = f" It is a {'concept: leave out' if kind == 'style' else 'drawing style: add'} concepts.kind=style."
    what = "style" if kind == "style" else "concept"
    meant = (word, guess) if guess and not _becomes_its_own_anchor(concepts, word, guess) else None
    return UserError(f"Unknown {what} {_short(word)!r} ({where}).{hint} This model knows: {shown}.", meant)


def _synonyms(name: Any, words: Any) -> tuple[str, ...]:
    """The further words for a target. Raises UserError for anything but a list of texts."""
    key = f"concepts.synonyms.{name}"
    listed = _names(words, key)
    if any(word is None for word in words):
        raise UserError(f"{key} holds null, which is no word: write '{key}=[puppy,hound]'.")
    return listed


def _names(value: Any, key: str) -> tuple[str, ...]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise UserError(f"{key} is {value!r}, not a list of names: write '{key}=[lion,tiger]'.")
    return tuple(str(name) for name in value)

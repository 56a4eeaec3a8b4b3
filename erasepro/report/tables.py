"""One table, printed three ways: text for the terminal, Markdown, CSV."""

from __future__ import annotations

import csv
import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

from erasepro.errors import visible
from erasepro.results.recognition import RecognitionRates, Share
from erasepro.runtime.foreign_text import escape_markdown


@dataclass(frozen=True)
class Table:
    """Cells of text. The first column is left aligned, the others right. ``note``: how to read it, printed below.

    Any text may be someone else's: each form shows it as nothing but itself.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def rich(self) -> RichTable:
        """The table as rich prints it; the note is left out."""
        table = RichTable(title=visible(self.title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for i, name in enumerate(self.header):
            table.add_column(visible(name), justify="left" if i == 0 else "right")
        for row in self.rows:
            table.add_row(*map(visible, row))
        return table

    def text(self) -> str:
        """The table and its note as plain text, however wide."""
        out = io.StringIO()
        Console(file=out, width=10_000, markup=False, emoji=False).print(self.rich())
        lines = [line.rstrip() for line in out.getvalue().rstrip().splitlines()]
        note = visible(" ".join(self.note.split()))
        return "\n".join([*lines, *textwrap.wrap(note, 110, initial_indent=" ", subsequent_indent=" ")]) + "\n"

    def markdown(self) -> str:
        """The title, the table and its note as Markdown."""
        header, *rows = (tuple(map(escape_markdown, line)) for line in (self.header, *self.rows))
        lines = [header, ("---", *("---:" for _ in self.header[1:])), *rows]
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        note = "\n".join(map(escape_markdown, self.note.splitlines()))
        return f"**{escape_markdown(self.title)}**\n\n{body}\n" + (f"\n{note}\n" if note else "")

    def csv(self) -> str:
        """Header and rows as CSV, without title and note."""
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(map(visible, line) for line in (self.header, *self.rows))
        return out.getvalue()

    def write(self, stem: Path) -> list[Path]:
        """Write ``stem.txt``, ``stem.md`` and ``stem.csv``; return their paths."""
        paths = []
        for suffix, content in ((".txt", self.text()), (".md", self.markdown()), (".csv", self.csv())):
            paths.append(stem.with_name(stem.name + suffix))
            paths[-1].write_text(content, encoding="utf-8")
        return paths


RETENTION = "retention (edited/original)"
"""Header of the share that shows the concept in the edited model's images over that in the original's."""

READING = (
    "Shares of images, ± one standard error. original: the original model's that show the prompt's concept. The rest is the "
    "edited model's, same prompts and seeds: concept shown (↓ for target and synonym prompts, ↑ for the others), anchor "
    "shown, unrecognised (the judge names nothing) and other add to 1; retention = concept shown over original."
)


def recognition_table(groups: Sequence[RecognitionRates], title: str = "What the pictures show") -> Table:
    """Role by phrasing: the shares of both models' images that show the prompt's concept, and what came instead."""
    grouped = any(o.group for o in groups)
    subjects, failed = any(o.subject.n for o in groups), any(o.errors for o in groups)
    header = ["prompts", *(["concept"] if grouped else []), "phrasing", "n", "original"]
    header += ["concept shown", "anchor shown", "unrecognised", "other", RETENTION]
    header += [*(["subject"] if subjects else []), *(["errors"] if failed else [])]
    rows = []
    for o in groups:
        arrow = "↓" if o.role in ("target", "synonym") else "↑"
        anchor = share(o.anchor_shown) if o.role in ("target", "synonym") else "–"
        cells = [
            f"{o.role} {arrow}",
            *([o.group] if grouped else []),
            o.phrasing,
            str(o.concept_shown.n),
            share(o.original),
        ]
        cells += [share(o.concept_shown), anchor, share(o.unrecognised), share(o.other), share(o.retention)]
        cells += [*([share(o.subject)] if subjects else []), *([str(o.errors)] if failed else [])]
        rows.append(tuple(cells))
    note = READING + (" subject: shows the thing that the prompt names." if subjects else "")
    return Table(title, tuple(header), tuple(rows), note)


def metric_table(
    edited: Mapping[str, Any], original: Mapping[str, Any] | None = None, title: str = "Metrics", protocol: str = "–"
) -> Table:
    """One row a metric (``results.score.Score`` or its dict): before, after, n, which way is better, protocol."""
    before = original or {}
    rows = []
    for name, result in edited.items():
        score = _plain(result)
        old = _plain(before[name]) if name in before else None
        rows.append(
            (
                f"{name}{_unit(score)} {'↑' if score['higher_is_better'] else '↓'}",
                number(old["value"], old["stderr"]) if old else "–",
                number(score["value"], score["stderr"]),
                str(score["n"]),
                protocol,
            )
        )
    return Table(title, ("metric", "original", "edited", "n", "protocol"), tuple(rows))


def share(value: Share) -> str:
    """A share with its standard error, three digits after the point."""
    return number(value.value, value.stderr, digits=3)


def number(value: float, stderr: float | None = None, digits: int = 4) -> str:
    """``0.987±0.004``; above 1 four digits that matter, ``187±6.7`` and ``26.31±0.42``; ``–`` for nothing counted."""
    if value is None or math.isnan(value):
        return "–"
    if math.isfinite(value) and abs(value) > 1:
        digits = min(digits, max(1, 4 - len(str(int(abs(value))))))
    text = str(int(value)) if float(value).is_integer() and abs(value) > 1 else f"{value:.{digits}f}"
    return text if stderr is None else f"{text}±{stderr:.{digits}f}"


def _unit(score: Mapping[str, Any]) -> str:
    """What a count counts (``parts["unit"]``)."""
    unit = score.get("parts", {}).get("unit")
    return f" ({unit})" if unit else ""


def _plain(result: Any) -> Mapping[str, Any]:
    return result if isinstance(result, Mapping) else result.as_dict()

"""The line above a run's tables: what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from erasepro.config.stored_config import TEMPLATES
from erasepro.errors import visible
from erasepro.results.settings import RunSettings
from erasepro.runtime.terminal import terminal_width, wrapped

if TYPE_CHECKING:
    from erasepro.results.results_json import Results

SHOWN = 12  # words left out that are named


def format_heading(settings: RunSettings, protocol: str, method: str) -> str:
    """One line that says what a run does: pairs, model, method, sampler, seeds, prompts, protocol.

    Args:
        protocol: its label, ``name/version``.
        method: the solver's preset and what was changed in it.
    """
    seeds = f"seed{'s' if len(settings.seeds) > 1 else ''} {', '.join(map(str, settings.seeds))}"
    prompts = [] if settings.split == "test" else [f"{settings.split} prompts"]
    prompts += [] if settings.prompt_sets == (TEMPLATES,) else [f"prompts {', '.join(settings.prompt_sets)}"]
    sampler = f"{settings.steps} steps, guidance {settings.guidance:g}, {seeds}"
    return visible(" · ".join([format_pairs(settings.pairs), settings.model, method, sampler, *prompts, protocol]))


def printed(heading: str) -> str:
    """A heading in lines as wide as the terminal, broken between its parts where these fit."""
    width = terminal_width()
    glued = "\0· ".join(part.replace(" ", "\0") for part in heading.split(" · "))
    lines = wrapped(glued, width, "  ").replace("\0", " ").splitlines()
    return "\n".join(line if len(line) <= width else wrapped(line, width, "  ") for line in lines)


def results_heading(results: Results) -> str:
    """The heading of a run that has ended; it says so where nothing ties the numbers to what was counted."""
    heading = format_heading(results.settings, results.protocol, results.solver_label)
    return f"{heading} · no digest" if results.digest == "" else heading


def format_sentences(prompts: Mapping[str, Any]) -> str:
    """One line that says what an edit is built from, and which words are not preserved.

    Args:
        prompts: ``meta["prompts"]`` of an edit: ``pairs`` and ``preserve``, how many sentences; ``left_out``, the words;
            ``left_out_sentences``, how many sentences of files; ``unused_sentences``, how many more of them found no room;
            ``dropped``, how many sentences mention a minor.
    """
    line = f"Sentences: {prompts['pairs']:,} fitted, {prompts['preserve']:,} preserved"
    left_out = prompts.get("left_out") or ()
    if left_out:
        shown = visible(", ".join(left_out[:SHOWN])) + (", …" if len(left_out) > SHOWN else "")
        line += f"; left out because they name the erased: {shown}"
    of_files = prompts.get("left_out_sentences", 0)
    if of_files:
        line += f"{', and' if left_out else '; left out because they name the erased:'} {of_files:,} sentence"
        line += f"{'s' if of_files > 1 else ''} of templates.preserve_source"
    unused, minors = prompts.get("unused_sentences", 0), prompts.get("dropped", 0)
    if unused:
        line += f"; {unused:,} of templates.preserve_source left out for want of room: raise templates.preserve_count"
    if minors:
        line += f"; {minors:,} dropped for mentioning a minor"
    return f"{line}."


def format_pairs(pairs: Sequence[Sequence[str]]) -> str:
    """The first pairs, and how many more there are."""
    first = [f"{target} → {anchor or '(empty)'}" for target, anchor in pairs[:4]]
    more = len(pairs) - len(first)
    return visible(", ".join(first)) + (f" and {more} more" if more else "")

"""Prompts as Python gives them to `erasepro.evaluate`, as a prompt set of the command."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from erasepro.config.paths import options
from erasepro.errors import UserError, unknown
from erasepro.runs.override_words import override_words


@contextmanager
def given_prompts(prompts: Any) -> Iterator[list[str]]:
    """The words that choose these prompts; inside the block the file that they may name is there.

    Args:
        prompts: see `erasepro.evaluate`. What a plain sentence is for, the run that draws it reads off the names in it.

    Raises:
        UserError: nothing that prompts can be.
    """
    if prompts is None:
        yield []
    elif isinstance(prompts, (str, Path)):
        yield _named(prompts)
    else:
        with TemporaryDirectory(prefix="erasepro-prompts-") as folder:
            file = Path(folder) / "given.jsonl"
            file.write_text("".join(f"{json.dumps(row)}\n" for row in _rows(prompts)), encoding="utf-8")
            yield ["prompts=custom", *override_words({"prompts.custom.file": str(file)})]


def _named(prompts: str | Path) -> list[str]:
    """An option's name, or a file."""
    if str(prompts) in options("prompts"):
        return [f"prompts={prompts}"]
    if Path(prompts).expanduser().is_file():
        return ["prompts=custom", *override_words({"prompts.custom.file": str(prompts)})]
    if isinstance(prompts, Path) or Path(prompts).suffix or "/" in prompts:
        raise UserError(f"prompts: no file {str(prompts)!r}; give a file of prompts, an option, or a list of sentences.")
    if " " in prompts:
        raise UserError(f"prompts are a list of sentences: write prompts=[{prompts!r}].")
    raise unknown("option of prompts", prompts, options("prompts"))


def _rows(prompts: Any) -> list[dict[str, Any]]:
    """A row a prompt, with the columns that a file of them may have."""
    if isinstance(prompts, Mapping):
        listed = [(concept, _sentences(sentences)) for concept, sentences in prompts.items()]
        rows = [{"prompt": sentence, "concept": str(concept)} for concept, sentences in listed for sentence in sentences]
    else:
        if not isinstance(prompts, Sequence) or isinstance(prompts, bytes):
            raise _wrong(prompts)
        rows = [_row(prompt) for prompt in prompts]
    if not rows:
        raise UserError("prompts holds no sentence: give some, or leave it out for the project's own test prompts.")
    return rows


def _row(prompt: Any) -> dict[str, Any]:
    if isinstance(prompt, Mapping):
        if not isinstance(prompt.get("prompt"), str):
            raise UserError(f"A row of prompts has a text under 'prompt'; got {dict(prompt)!r}.")
        return {str(key): value for key, value in prompt.items() if value is not None}
    if not isinstance(prompt, str):
        raise _wrong(prompt)
    return {"prompt": prompt}


def _sentences(given: Any) -> list[str]:
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, Sequence) or not all(isinstance(sentence, str) for sentence in listed):
        raise _wrong(given)
    return list(listed)


def _wrong(given: Any) -> UserError:
    return UserError(
        f"prompts are a list of sentences, {{concept: [sentences]}}, rows with 'prompt', a file, or an option; got {given!r}."
    )

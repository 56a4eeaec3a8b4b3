"""``erasepro export DIR format=… out=… [base=…] [rank=…] [strength=…] [variant=…]``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from erasepro.cli.notes import own_options
from erasepro.errors import UserError, unknown
from erasepro.runtime.terminal import terminal_width, wrapped

OPTIONS = ("format", "out", "base", "rank", "strength", "variant")
USAGE = "erasepro export DIR format=lora|kohya|diffusers|single_file out=PATH [base=PATH] [rank=N] [strength=S]"

NO_DIGEST = "The edit has no digest: its pairs, residuals and other facts may have been changed since it was written."


def command(words: list[str]) -> int:
    """Export a saved edit, given its folder or its run's, and print a sentence or two about it.

    Raises:
        UserError: no edit or no `out` given, an unknown option, a bad number, or see `erasepro.edit.export.export_edit`.
    """
    folders = [word for word in words if "=" not in word]
    for word in words:
        key, sign, _ = word.partition("=")
        if sign and key not in OPTIONS:
            raise unknown("option", key, OPTIONS)
    options = own_options(words, OPTIONS)
    if len(folders) != 1:
        raise UserError(f"export takes the folder of one edit: {USAGE}")
    if not options.get("out"):
        raise UserError(f"export needs out=…, the file or folder to write: {USAGE}")
    from erasepro.edit import Edit
    from erasepro.edit.export import export_edit
    from erasepro.edit.store import edit_folder, stored_digest

    folder = edit_folder(Path(folders[0]).expanduser())
    edit = Edit.load(folder)
    if "strength" in options:
        edit = edit.scale(_number("strength", options["strength"], float))
    rank = _number("rank", options["rank"], int) if "rank" in options else None
    done = export_edit(
        edit,
        options["out"],
        options.get("format", "lora"),
        base=options.get("base"),
        rank=rank,
        variant=options.get("variant"),
    )
    width = terminal_width()
    print(wrapped(str(done), width))
    if not stored_digest(folder):
        print(wrapped(NO_DIGEST, width))
    return 0


def _number(key: str, text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise UserError(f"Bad value for '{key}': got {text!r}, expected {what}.") from None

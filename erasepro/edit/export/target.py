"""Writing beside the target's place and renaming at the end, so that nothing half written is ever seen."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from erasepro.errors import UserError


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """A name to write a file or folder under; it becomes `target` when the block ends well, else it is removed.

    Raises:
        UserError: the target exists, or its folder is full or cannot be written to.
    """
    refuse_existing(target)
    made = [p for p in target.absolute().parents if not p.exists()]  # deepest first
    temporary = target.parent / f".{target.name}.{os.getpid()}.tmp"
    done = False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        refuse_existing(target)
        os.rename(temporary, target)
        done = True
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "free some space" if full else "choose another place"
        raise UserError(f"Cannot write {str(target)!r}: {error.strerror or error}; {hint}.") from error
    finally:
        if not done:
            _remove(temporary)
            for folder in made:
                with contextlib.suppress(OSError):
                    folder.rmdir()


def refuse_existing(target: Path) -> None:
    """Raise UserError where something has the target's name already."""
    if os.path.lexists(target):
        raise UserError(f"{str(target)!r} exists already: nothing is overwritten; give another name or remove it.")


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

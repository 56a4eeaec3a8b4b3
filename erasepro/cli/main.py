"""The ``erasepro`` command: ``erasepro key=value …`` composes a config and runs it; a bare first word is a verb."""

from __future__ import annotations

import errno
import io
import os
import shlex
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from erasepro.cli.help import print_help, print_verb
from erasepro.cli.hints import pasted_hint, refuse_split_value
from erasepro.cli.options import read_options
from erasepro.cli.verbs import HEAVY, VERBS
from erasepro.config.paths import choices, groups
from erasepro.errors import UserError, nearest, unknown, visible
from erasepro.runtime import distributed
from erasepro.runtime.foreign_text import BREAKS, check_name
from erasepro.runtime.progress import shown, stage, stop_display
from erasepro.runtime.versions import VERSION

HINTS = {
    errno.ENOTDIR: "A file is in the place of a folder: move it, or {other}.",
    errno.EEXIST: "Something else is in its place: move it, or {other}.",
    errno.EISDIR: "A folder is in the place of a file: delete or move it, or {other}.",
    errno.ELOOP: "It is a link to itself: delete it, or {other}.",
    errno.ENAMETOOLONG: "Give a shorter name, or {other}.",
}
"""What to do about an unusable path, by the system's reason; ``{other}``: where else the command can go."""
OTHER_PLACES = {"edit": "name another folder, out=FOLDER", "export": "name another place, out=PATH"}
"""How a verb is sent elsewhere; a verb that is not here reads a folder, and a run has outputs.dir."""
NO_MEMORY = (
    "can't allocate memory", "out of memory", "failed to map segment", "Cannot allocate memory", "can't start new thread",
)  # fmt: skip
"""What torch's RuntimeError, the loading of a library and a new thread say where memory is short."""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status: 0 done, 1 failed, 2 a user's mistake, 130 stopped by hand."""
    write_any_text()
    words = list(sys.argv[1:] if argv is None else argv)
    if not distributed.is_main_process():
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - the first process speaks for all
    try:
        check_clock()
        with shown("outputs.progress=false" not in words):
            status = dispatch([decode_word(word) for word in words])
        sys.stdout.flush()  # here, and not while Python ends: it would leave with a status of its own
        return status
    except UserError as error:
        return _fail(str(error) + pasted_hint(error, words), error.status)
    except KeyboardInterrupt:
        return _fail("stopped; the same command resumes where it was.", 130, "")
    except UnicodeEncodeError as error:
        if error.encoding != sys.getfilesystemencoding() or error.encoding == "utf-8":
            raise  # no file's name
        where = f"{error.object[error.start : error.end]!r} cannot be in a file's name where the locale is {error.encoding}"
        return _fail(f"{where}: set a UTF-8 locale (LC_ALL=C.UTF-8), or choose other names.", 2)
    except BrokenPipeError:  # `erasepro ls concepts | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno is None:  # not the system's: a library's own error, of which we know nothing
            raise
        if error.errno == errno.ENOMEM:
            return _fail(_no_memory(error), 1)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            where = f" (writing {error.filename})" if error.filename else ""
            return _fail(f"the disk is full{where}: free some space; the same command resumes.", 1)
        what = f"cannot use {str(error.filename)!r}" if error.filename else "reading or writing failed"
        return _fail(f"{what}: {error.strerror}. {_hint(error, words)}", 2)
    except (MemoryError, RuntimeError, ImportError) as error:
        if not isinstance(error, MemoryError) and not any(part in str(error) for part in NO_MEMORY):
            raise
        return _fail(_no_memory(error), 1)


def _no_memory(error: Exception) -> str:
    reason = str(error).splitlines()[0] if str(error) else "MemoryError"
    return f"the memory is full ({reason}): give this process more (ulimit -v, a larger machine), or ask for less at a time."


def _hint(error: OSError, words: Sequence[str]) -> str:
    """What to do about a path that cannot be used."""
    verb = next((word for word in words[:1] if word in VERBS), "")
    usual = "name another folder" if verb else "choose another outputs.dir"
    hint = HINTS.get(error.errno or 0, "Check that you can read and write there, or {other}.")
    return hint.format(other=OTHER_PLACES.get(verb, usual))


def check_clock() -> None:
    """Raise UserError for a clock before 1970, by which libraries' threads wait without end, or one that Python cannot read."""
    try:
        is_right = time.time() >= 0
    except OverflowError:  # beyond the year 2262
        is_right = False
    if not is_right:
        raise UserError("This machine's clock stands before 1970 or beyond 2262, where libraries fail or hang: set the clock.")


def write_any_text() -> None:
    """Let the terminal or file that is written to, whatever its encoding, show what it lacks as "?" and not end the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="replace")


def decode_word(word: str) -> str:
    """A word of the command line as text. Where the locale is not UTF-8, Python leaves its bytes as lone surrogates.

    Raises UserError for bytes that are no UTF-8.
    """
    try:
        word.encode()
        return word
    except UnicodeEncodeError:
        pass
    try:
        return os.fsencode(word).decode()
    except UnicodeError:
        raise UserError(f"{word!a} on the command line is not UTF-8: type it again, or set a UTF-8 locale.") from None


def _fail(line: str, status: int, kind: str = "error: ") -> int:
    stop_display()  # what an interrupt has left of it would be written over the message
    if distributed.is_main_process():  # the first process speaks for all, also of the others' failures
        print(f"erasepro: {kind}{visible(' '.join(line.split()))}", file=sys.stderr)
    return status


def dispatch(words: list[str]) -> int:
    """Run the verb that the first word names, or, without one, a config."""
    for word in words:
        check_name(word, "A word of the command", allowed=BREAKS)
    refuse_split_value(words)
    if words:
        _refuse_run_folder(words[0])
    if any(word in ("-h", "--help") for word in words):
        if is_verb(words[0]):
            return print_verb(words[0])
        return print_help()
    if "--version" in words:
        print(f"erasepro {VERSION}")
        return 0
    if words and is_verb(words[0]):
        with stage("Loading libraries", announced=False, show=words[0] in HEAVY):
            verb = import_module(VERBS[words[0]])
        return int(verb.command(words[1:]))
    options = read_options(words)
    for word in options.overrides:
        if "=" not in word and not word.startswith("~"):
            line = f"{word!r} is neither key=value nor a leading verb."
            if word in ("edit", "tune"):
                rest = [other for other in words if other != word]
                raise UserError(f"{line} Verbs come first: write erasepro {shlex.join([word, *rest])}.")
            if word in VERBS:
                raise UserError(f"{line} The verb {word!r} comes first, and has its own words: see `erasepro help {word}`.")
            setting, verbs = _setting(word), ", ".join(VERBS)
            raise UserError(f"{line} Write {setting}." if setting else f"{line} Verbs come first: {verbs}.")
    from erasepro.cli.run import run_options

    return run_options(options)


def is_verb(word: str) -> bool:
    """Whether the first word is a verb, and no override or option. Raises UserError for a bare word that is none."""
    if "=" in word or word.startswith(("-", "+", "~")):
        return False
    if word not in VERBS:
        raise _bare_word(word)
    return True


def _refuse_run_folder(word: str) -> None:
    """Raise UserError for a run's folder, or one that holds runs, in a verb's place. A name of either can hold ``=``."""
    if word in VERBS or word.startswith("-") or not word or not os.path.isdir(word):
        return
    path, name = Path(word), shlex.quote(word)
    if (path / "status.json").is_file():
        raise UserError(
            f"Unknown verb {word!r}: it is a run's folder. Its results are shown by `erasepro report {name}`; "
            f"`erasepro rerun {name}` runs it again."
        )
    if any(path.glob("*/status.json")):
        raise UserError(f"Unknown verb {word!r}: it is a folder of runs. `erasepro status {name}` lists them.")


def _bare_word(word: str) -> UserError:
    """The error of a first word that is no verb; one that is a group of settings, or an option of one, is written as such."""
    if word in groups() and nearest(word, VERBS) is None:
        return UserError(f"Unknown verb {word!r}: it is a group of settings, written {choices(word)}.")
    setting = _setting(word)
    return UserError(f"Unknown verb {word!r}: write {setting}.") if setting else unknown("verb", word, VERBS)


def _setting(word: str) -> str:
    """The setting that a bare word is the option of (``solver=uce``); "" where it is none's."""
    named = groups()
    group = next((group for group in ("solver", "experiments", "debug", "model", "concepts") if word in named[group]), None)
    return f"{group}={word}" if group else ""


if __name__ == "__main__":
    sys.exit(main())

"""The ``erasepro`` command: ``erasepro key=value …`` composes a config and runs it; a bare first word is a verb."""

from __future__ import annotations

import errno
import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from importlib import import_module

from erasepro.cli.ls import list_names
from erasepro.cli.report import report
from erasepro.errors import UserError, unknown
from erasepro.runtime import distributed
from erasepro.runtime.versions import VERSION

HELP = """\
erasepro: erase concepts from text-to-image models, and measure what is gone and what is kept.

  erasepro [group=option] [key=value] …      compose a config and run it (the same command resumes a stopped run)
  erasepro -m key=a,b …                      one run for each combination
  erasepro --cfg [overrides]                 print the composed config, run nothing
  erasepro ls solvers|concepts|models|metrics|prompts|protocols|schedules|experiments|trackers
  erasepro edit [overrides] [out=FOLDER]     make an edit only, the denoiser never loaded: SD to FLUX on a laptop
  erasepro score DIR [metrics=[…]] [protocol=…]  count again, or more, on a run's images; what is there is kept
  erasepro report DIR…                       print the tables of a finished run; one table over all of several
  erasepro verify DIR model=… | edited=FOLDER  recompute what a saved edit states (write=true: certify it)
  erasepro export EDIT_DIR format=lora|kohya|diffusers|single_file out=PATH [base=PATH] [rank=N] [strength=S]
  erasepro --help | --version

Groups (choose with group=option):
{groups}

Examples:
  erasepro                                           dog -> cat in the miniature, with ErasePro
  erasepro 'concepts.pairs=[[dog,cat],[apple,pear]]' solver=uce
  erasepro concepts.file=pairs.csv                   a CSV with the header target,anchor
  erasepro model=sd15 model.source=/path/to/model concepts=style/van_gogh generation=stable_diffusion
  erasepro -m solver=erasepro,uce generation.seeds=[0,1,2]
  erasepro experiments=demo
  erasepro debug=tiny                                the whole job on random weights, in seconds

Results: outputs/<name>-<signature>/results.json, with the edit, the images and a before/after grid beside it.
"""


HINTS = {
    errno.ENOTDIR: "A file is in the place of a folder: move it, or choose another outputs.dir.",
    errno.EEXIST: "Something else is in its place: move it, or choose another outputs.dir.",
    errno.EISDIR: "A folder is in the place of a file: move it, or choose another outputs.dir.",
    errno.ENAMETOOLONG: "Give a shorter name, or a shorter outputs.dir.",
}
"""What to do about an unusable path, by the system's reason."""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status: 0 done, 2 a user's mistake, 130 stopped by hand."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not distributed.main():
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - the first process speaks for all
    try:
        return dispatch(words)
    except UserError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail("stopped; the same command resumes where it was.", 130, "")
    except BrokenPipeError:  # `erasepro ls concepts | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno is None:  # not the system's: a library's own error, of which we know nothing
            raise
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            where = f" (writing {error.filename})" if error.filename else ""
            return _fail(f"the disk is full{where}: free some space; the same command resumes.", 1)
        hint = HINTS.get(error.errno, "Is outputs.dir a folder you can write to?")
        what = f"cannot use {str(error.filename)!r}" if error.filename else "reading or writing failed"
        return _fail(f"{what}: {error.strerror}. {hint}", 2)


def _fail(line: str, status: int, kind: str = "error: ") -> int:
    if distributed.main():  # the first process speaks for all, also of the others' failures
        print(f"erasepro: {kind}{' '.join(line.split())}", file=sys.stderr)
    return status


def dispatch(words: list[str]) -> int:
    """Run the verb that the first word names, or, without one, a config."""
    if any(word in ("-h", "--help") for word in words):
        return show_verb(words[0]) if words[0] in VERBS else show_help()
    if "--version" in words:
        print(f"erasepro {VERSION}")
        return 0
    if words and "=" not in words[0] and not words[0].startswith(("-", "+", "~")):
        verb, rest = words[0], words[1:]
        if verb not in VERBS:
            raise unknown("verb", verb, VERBS)
        return VERBS[verb](rest)
    flags = [word for word in words if word.startswith("-")]
    overrides = [word for word in words if not word.startswith("-")]
    for flag in flags:
        if flag not in ("-m", "--multirun", "--cfg"):
            raise UserError(f"Unknown option {flag!r}. Known: --cfg, --help, --multirun (-m), --version.")
    for word in overrides:
        if "=" not in word and not word.startswith("~"):
            raise UserError(f"{word!r} is neither key=value nor a leading verb. Verbs come first: {', '.join(VERBS)}.")
    if "--cfg" in flags:
        return show_config(overrides)
    if flags:
        from erasepro.cli.sweep import sweep

        return sweep(overrides)
    return run_one(overrides)


def run_one(overrides: list[str]) -> int:
    """Compose and run one job."""
    from erasepro.runs.resolve import resolve

    spec = resolve(overrides)
    from erasepro.runs.run import run

    run(spec)
    return 0


def show_config(overrides: list[str]) -> int:
    """Print the composed, checked config as yaml; nothing runs. Returns 0."""
    from omegaconf import OmegaConf

    from erasepro.runs.resolve import compose

    print(OmegaConf.to_yaml(compose(overrides)), end="")
    return 0


def show_help() -> int:
    """Print the help page with every config group and its options. Returns 0."""
    from erasepro.config.paths import groups

    found = {group: names for group, names in groups().items() if names}
    width = max(len(group) for group in found)
    lines = []
    for group, names in found.items():
        shown = textwrap.shorten(", ".join(names), 90, placeholder=f" … ({len(names)}: erasepro ls)")
        lines.append(f"  {group:<{width}}  {shown}")
    print(HELP.format(groups="\n".join(lines)), end="")
    return 0


def show_verb(verb: str) -> int:
    """The lines of the help about one verb."""
    lines = [line.strip() for line in HELP.splitlines() if line.startswith(f"  erasepro {verb} ")]
    print("\n".join([*lines, "", "erasepro --help: every verb, the groups of settings, and examples."]))
    return 0


def edit(words: list[str]) -> int:
    """``erasepro edit …``: see erasepro.runs.edit_only."""
    from erasepro.cli.edit import edit_command

    return edit_command(words)


def export(words: list[str]) -> int:
    """``erasepro export EDIT_DIR format=… out=…``: an edit for other tools, see ``erasepro.cli.export``."""
    from erasepro.cli.export import command

    return command(words)


VERBS: dict[str, Callable[[list[str]], int]] = {
    "ls": list_names,
    "edit": edit,
    "report": report,
    "score": lambda words: import_module("erasepro.cli.score").score_command(words),
    "verify": lambda words: import_module("erasepro.cli.verify").command(words),
    "export": export,
}


if __name__ == "__main__":
    sys.exit(main())

"""``erasepro tune …``: search the settings of solvers on development sets, the same number of trials for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from erasepro.cli.notes import own_options
from erasepro.errors import UserError
from erasepro.runtime.progress import stage

KEYS = ("solver", "sets", "trials", "pictures", "hours", "workers", "out", "write")
"""What the verb takes beside the config's keys."""
GROUPS = ("model", "templates", "generation", "metrics", "prompts", "seed", "statistics", "statistics_limit")
"""Groups and keys of the config that a search may be given."""


def command(words: Sequence[str]) -> int:
    """``erasepro tune [solver=a,b] [sets=[…]] [trials=24] [pictures=5] [hours=4] [workers=1] [out=FOLDER] [write=true]``.

    The same command goes on with a search that was stopped; given in several terminals, the processes share the work.
    ``write=true`` puts the chosen presets into ``conf/solver``.
    """
    own = own_options(words, KEYS)
    overrides = [word for word in words if word.partition("=")[0] not in KEYS]
    for word in overrides:
        if "=" not in word or word.partition("=")[0].split(".")[0] not in GROUPS:
            raise UserError(
                f"{word!r} cannot be given to tune: its own words are {', '.join(f'{key}=' for key in KEYS)}; beside them "
                f"keys of {', '.join(GROUPS)}."
            )
    numbers = {
        key: _number(own, key, usual, least) for key, usual, least in (("trials", 24, 4), ("pictures", 5, 2), ("workers", 1, 1))
    }
    hours = _hours(own.get("hours", "4"))
    if own.get("write", "false") not in ("true", "false"):
        raise UserError(f"Bad value for 'write': got {own['write']!r}, allowed: true, false.")
    with stage("Loading libraries", announced=False):
        from erasepro.runs.resolve import resolve
        from erasepro.study.preset_file import preset_path
        from erasepro.study.space import load_space, spaces
        from erasepro.study.tuning_plan import SETS, TuningPlan, code_digest

    solvers = _names(own["solver"]) if "solver" in own else spaces()
    searched = [load_space(name) for name in solvers]
    sets = _names(own["sets"]) if "sets" in own else list(SETS)
    seed = resolve(overrides).seed
    for space in searched:
        for name in sets:
            resolve([f"solver={space.solver}", f"concepts={name}", *overrides])
    if own.get("write") == "true":
        for name in solvers:
            preset_path(name)
    plan = TuningPlan(
        tuple(solvers), tuple(sets), tuple(overrides), numbers["trials"], numbers["pictures"], hours, numbers["workers"], seed,
        code_digest(searched),
    )  # fmt: skip
    folder = Path(own.get("out") or "outputs/tune").expanduser().absolute()
    from erasepro.study.tune import Tuning

    tuning = Tuning(plan, folder)
    found = tuning.run()
    tuning.report(found)
    if own.get("write") == "true":
        for name, rows in found.items():
            if rows:
                print(f"Written: {tuning.write(preset_path(name).parent, name, rows[0])}")
    return 0


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.strip().removeprefix("[").removesuffix("]").split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise UserError(f"{text!r} must name things once each, with commas between: a,b.")
    return names


def _number(own: Mapping[str, str], key: str, usual: int, least: int) -> int:
    text = own.get(key, str(usual))
    if not text.isdecimal() or int(text) < least:
        raise UserError(f"Bad value for {key!r}: got {text!r}, allowed: whole numbers from {least} on.")
    return int(text)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours < 10_000:
        raise UserError(f"Bad value for 'hours': got {text!r}, allowed: a number above 0.")
    return hours

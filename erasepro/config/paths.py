"""Where the yaml files lie, and what their groups and options are called."""

from __future__ import annotations

import os
from pathlib import Path

from erasepro.config.registered_names import registered_names
from erasepro.errors import UserError

VERSION_BASE = "1.3"


def config_dir() -> Path:
    """``conf/``: inside the package when installed from a wheel, beside it in a checkout or an editable install."""
    package = Path(__file__).resolve().parents[1]
    for root in (package, package.parent):
        if (root / "conf" / "config.yaml").is_file():
            return root / "conf"
    raise UserError("The conf/ folder is missing beside the package: reinstall erasepro (`pip install .`).")


def files_state() -> tuple[int, int]:
    """How many files there are under ``conf/`` and ``experiments/``, and a hash of their names, sizes and times."""
    root = config_dir().parent
    files = [
        (path, state.st_size, state.st_mtime_ns)
        for group in ("conf", "experiments")
        for folder, _, names in os.walk(root / group)
        for path in (os.path.join(folder, name) for name in names if name.endswith(".yaml"))
        for state in (os.stat(path),)
    ]
    return len(files), hash(tuple(sorted(files)))


def search_path_override() -> str:
    """The Hydra override that puts the folder holding ``experiments/`` on the search path."""
    return f"hydra.searchpath=[{str(config_dir().parent)!r}]".replace("['", "['file://")


def groups() -> dict[str, list[str]]:
    """Config groups with their options (``{"solver": ["erasepro", "uce"], …}``), ``experiments`` included."""
    conf = config_dir()
    from_conf = {p.name: options(p.name) for p in sorted(conf.iterdir()) if p.is_dir() and p.name != "hydra"}
    return from_conf | {"experiments": options("experiments")}


def options(group: str) -> list[str]:
    """The options of a group: yaml files under its folder, without the suffix, sub-folders included; solvers without one."""
    names = [*filed_options(group), *(unfiled_solvers() if group == "solver" else ())]
    return sorted(names)


def unfiled_solvers() -> list[str]:
    """Names of the solvers that have no yaml file: their dataclass's defaults are the option. Imports no solver."""
    files = set(filed_options("solver"))
    return [name for name in registered_names("solver") if name not in files]


def filed_options(group: str) -> list[str]:
    """The options of a group that are yaml files."""
    conf = config_dir()
    folder = conf.parent / group if group == "experiments" else conf / group
    names = (p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.yaml"))
    shown = (name for name in names if not (group == "experiments" and name.startswith("tune/")))  # spaces of a search
    return sorted(name for name in shown if not any(part.startswith("_") for part in name.split("/")))


LISTS = {"model": "models", "protocol": "protocols", "schedule": "schedules", "solver": "solvers", "tracker": "trackers"}
"""What ``erasepro ls`` calls the options of a group, where that is not the group's name."""
LISTED = (*LISTS, "concepts", "debug", "experiments", "generation", "metrics", "prompts", "templates")


def listing(group: str) -> str:
    """The command that lists the options of a group: ``erasepro ls solvers``."""
    return f"erasepro ls {LISTS.get(group, group)}" if group in LISTED else "erasepro help"


def choices(group: str) -> str:
    """The options of a group as the command takes them, ``solver=ace|uce``; the first 25 of many."""
    names = options(group)
    return f"{group}={'|'.join(names[:25])}" + (f" … ({len(names)} in all: see `{listing(group)}`)" if names[25:] else "")

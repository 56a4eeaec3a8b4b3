"""Everything on the disk that decides what a command prints: code, configs, and the files that its config names.

Each is watched by a mark (`runtime.file_marks`). What cannot be watched, a model or a data set that the hub may change at any
time, is said to be so.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.config.paths import config_dir
from erasepro.config.registered_names import PACKAGES
from erasepro.runtime.file_marks import mark_file, mark_folder
from erasepro.runtime.source_files import module_file

if TYPE_CHECKING:
    from erasepro.runs.spec import RunSpec

PACKAGE = Path(__file__).resolve().parents[1]
NO_INPUT = ("outputs.", "tracker.")
"""Keys whose folders are written to and decide nothing."""
FOLDERS = {"model.": "folder", "metrics.": "states"}
"""Keys that may name a folder whose files count, and how they are marked: pictures to compare with by their states alone."""
LONGEST = 4096
"""Characters from which a text is no path."""
_INSTALLED = re.compile(r"\.(dist-info|egg-info|egg-link|pth|egg)$")
_COMMIT = re.compile(r"[0-9a-f]{40}")


Place = tuple[str, str]
"""What is looked at (folder, source, states, file, installed), and where."""


def code_places() -> set[Place]:
    """What is run, to `watch`: this package, its configs, plug-ins, and which distributions are installed.

    Raises AttributeError, TypeError or ValueError for a plug-in's metadata that do not parse.
    """
    root = config_dir().parent
    places = {("folder", str(folder)) for folder in (PACKAGE, root / "conf", root / "experiments")}
    places |= {("installed", entry or os.curdir) for entry in sys.path}
    for point in (point for group in PACKAGES.values() for point in entry_points(group=group)):
        package = point.module.partition(".")[0]
        file = module_file(package)
        if file is None:  # a package without __init__.py, whose parts lie wherever a folder of its name does
            places |= {("source", os.path.join(entry or os.curdir, package)) for entry in sys.path}
        else:
            places.add(("source", str(file.parent)) if file.name == "__init__.py" else ("file", str(file)))
    return places


def loaded_places() -> set[Place]:
    """The files of all loaded modules that belong neither to Python, nor to an installed distribution, nor to this package."""
    paths = sysconfig.get_paths()
    installed = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    above = tuple(f"{os.path.realpath(folder)}{os.sep}" for folder in (*installed, str(PACKAGE)))
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    named = [file for file in files if isinstance(file, str) and os.path.isabs(file)]  # torch has modules of no file
    real = {folder: os.path.realpath(folder) for folder in {os.path.dirname(file) for file in named}}
    return {("file", file) for file in named if not f"{real[os.path.dirname(file)]}{os.sep}".startswith(above)}


def input_places(spec: RunSpec, asks_hub: bool = True) -> set[Place] | None:
    """The files that a run's config names, to `watch`; None where the hub decides what they hold.

    Args:
        asks_hub: whether what the config names on the hub is read at all.
    """
    places: set[Place] = set()
    for key, value in spec.stored.leaves().items():
        if not key.startswith(NO_INPUT):
            kind = next((kind for start, kind in FOLDERS.items() if key.startswith(start)), "file")
            for text in _texts(value):
                path = Path(text).expanduser()
                places.add((kind if path.is_dir() else "file", str(path)))
    from erasepro.models.source import local_folder, single_file  # here, as it loads libraries of configs

    model = spec.model
    if not asks_hub:
        return places
    at_hub = model.kind == "diffusers" and single_file(model) is None and local_folder(model) is None
    hub = [(model.source.strip(), model.revision, "model")] if at_hub else []
    hub += [(s.source or "", s.revision, "dataset") for s in spec.prompts.values() if s.file is None and s.source_file]
    for source, revision, kind in hub:
        folders = _hub_folders(source, revision, kind)
        if not folders:
            return None
        places |= {("folder", str(folder)) for folder in folders}
    return places


def _hub_folders(source: str, revision: str | None, kind: str) -> list[Path]:
    """Where the hub's cache holds a repository; none where the hub would be asked for the newest."""
    from huggingface_hub.constants import HF_HUB_CACHE, HF_HUB_OFFLINE

    if not (HF_HUB_OFFLINE or _COMMIT.fullmatch(revision or "")):
        return []
    folder = Path(HF_HUB_CACHE) / f"{kind}s--{source.replace('/', '--')}"
    return [folder / "refs", folder / "snapshots"]


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value that may be paths, as they stand and without the blanks around them."""
    if isinstance(value, str) and 0 < len(value) < LONGEST and "\0" not in value:
        yield from {value, value.strip() or value}
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def watch(places: Iterable[Place]) -> list[list[str]]:
    """(kind, place, mark) of every place, sorted. Raises OSError where one cannot be read."""
    return [[kind, place, _mark(kind, place)] for kind, place in sorted(places)]


def is_as_watched(marks: Iterable[Sequence[str]]) -> bool:
    """Whether every place has the mark still that `watch` gave it. Raises OSError where one cannot be read."""
    return all(_mark(kind, place) == mark for kind, place, mark in marks)


def _mark(kind: str, place: str) -> str:
    if kind == "installed":
        return _mark_installed(place)
    if kind == "file":
        return mark_file(Path(place))
    if kind == "states":
        return mark_folder(Path(place), large=0)
    return mark_folder(Path(place), suffixes=(".py",) if kind == "source" else ())


def _mark_installed(folder: str) -> str:
    """Which distributions a folder of ``sys.path`` holds: names have versions, times tell that one was installed again."""
    try:
        names: Iterable[str] = sorted(name for name in os.listdir(folder) if _INSTALLED.search(name))
    except (FileNotFoundError, NotADirectoryError):
        names = ()
    states = [(name, os.stat(os.path.join(folder, name)).st_mtime_ns) for name in names]
    return hashlib.sha256(repr(states).encode()).hexdigest()

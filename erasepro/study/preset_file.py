"""The preset that a search ends with: ``conf/solver/<solver>_best.yaml``, which says which study chose it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from erasepro.config.paths import config_dir
from erasepro.config.plain_values import leaves, replaced
from erasepro.errors import UserError
from erasepro.runs.spec import RunSpec
from erasepro.runtime.files import write_text
from erasepro.solvers.registry import SOLVERS


def preset_text(spec: RunSpec, comment: str) -> str:
    """A preset's yaml: a comment, the solver's name, and what differs from its dataclass.

    Args:
        spec: a run with the chosen settings.
        comment: what stands above it, one line or several.
    """
    usual = leaves(_usual(spec.solver_name))
    values: dict[str, Any] = {"name": spec.solver_name}
    for key, value in leaves(spec.stored.at("solver")).items():
        if usual.get(key) != value:
            values = replaced(values, key, value)
    lines = "".join(f"# {line}\n" for line in comment.splitlines())
    for key, value in values.items():  # a key a line; lists and groups behind their key
        flow = yaml.safe_dump({key: value}, sort_keys=False, default_flow_style=True, width=1000).strip()
        lines += f"{flow.removeprefix('{').removesuffix('}')}\n"
    return lines


def preset_path(solver: str) -> Path:
    """Where a search's choice goes. Raises UserError where the config folder cannot be written to."""
    folder = config_dir() / "solver"
    probe = folder / f"{solver}_best.yaml"
    try:
        with open(probe, "a", encoding="utf-8"):
            pass
        if not probe.stat().st_size:
            probe.unlink()
    except OSError as error:
        raise UserError(
            f"write=true puts presets into {str(folder)!r}, which cannot be written ({error.strerror}): leave it out, and copy "
            "the presets from the study's folder."
        ) from error
    return probe


def write_preset(folder: Path, solver: str, spec: RunSpec, comment: str) -> Path:
    """Write ``<solver>_best.yaml`` into a folder; the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{solver}_best.yaml"
    write_text(path, preset_text(spec, comment))
    return path


def _usual(solver: str) -> Mapping[str, Any]:
    """The values of the solver's dataclass."""
    return dataclasses.asdict(SOLVERS.required_config(solver)())

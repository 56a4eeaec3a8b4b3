"""What a run is called at a tracker: its entry's id, and the group it is shown in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from erasepro.runtime.files import digest
from erasepro.tracking.base import RunInfo


def run_info(config: Mapping[str, Any], folder: Path, signature: str) -> RunInfo:
    """The entry of the run that lies in `folder`. Its id comes from the run's signature and name, as the folder's own name
    does: the same command goes on with the same entry, and one job under two names is two."""
    name = str(config["name"])
    return RunInfo(folder, folder.name, signature[:8] + digest(name)[:8], group_of(config), dict(config))


def group_of(config: Mapping[str, Any]) -> str | None:
    """``tracker.group``; else the experiment (``experiments=table/faces``); else the concepts' name. A sweep without an
    experiment sets ``tracker.group`` to what it sweeps over (see `sweep_group`)."""
    return config["tracker"].get("group") or config.get("experiments") or config["concepts"]["name"] or None


def sweep_group(overrides: Sequence[str]) -> str | None:
    """What a sweep goes over, as it was written (``solver=erasepro,uce seed=0,1``): the same for each of its jobs, and again
    when it is resumed. None where nothing is swept."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    parsed = OverridesParser.create().parse_overrides(list(overrides))
    words = [one.input_line for one in parsed if one.is_sweep_override() and one.input_line]
    return " ".join(sorted(words)) or None

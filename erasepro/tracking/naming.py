"""What a run is called at a tracker: its entry's id, and the group it is shown in."""

from __future__ import annotations

from pathlib import Path

from erasepro.config.stored_config import StoredConfig
from erasepro.runtime.files import digest
from erasepro.tracking.base import RunInfo


def run_info(stored: StoredConfig, folder: Path, signature: str) -> RunInfo:
    """The entry of the run that lies in a folder.

    Its id comes from the run's signature and name, as the folder's own name does: the same command goes on with the same entry,
    and one job under two names is two.
    """
    name = str(stored.at("name"))
    return RunInfo(folder, folder.name, signature[:8] + digest(name)[:8], group_of(stored), dict(stored.values))


def group_of(stored: StoredConfig) -> str | None:
    """The group that a run is shown in; None where nothing names one.

    It is ``tracker.group``; else the experiment (``experiments=table/faces``); else the concepts' name. A sweep without an
    experiment sets ``tracker.group`` to what it sweeps over (see `swept_words`).
    """
    return stored.at("tracker.group") or stored.at("experiments") or stored.at("concepts.name") or None

"""What a run is called at a tracker: its entry's id, and the group it is shown in."""

from __future__ import annotations

from pathlib import Path

from erasepro.config.schema import TrackerConfig
from erasepro.config.stored_config import StoredConfig
from erasepro.errors import UserError
from erasepro.runtime.files import digest
from erasepro.tracking.base import RunInfo

LONGEST_PROJECT, LONGEST_TAG = 128, 64
REFUSED_IN_PROJECT = "/\\#?%:"
"""What W&B refuses (its settings of 0.31): a project's length in characters and those it may not hold, a tag's length."""


def check_names(cfg: TrackerConfig) -> None:
    """Raise UserError for a project or a tag that W&B would refuse once the run has begun."""
    wrong = sorted({mark for mark in cfg.project if mark in REFUSED_IN_PROJECT})
    if wrong or len(cfg.project) > LONGEST_PROJECT:
        what = f"holds {' '.join(wrong)}" if wrong else f"has {len(cfg.project)} characters"
        raise UserError(
            f"Bad value for 'tracker.project': {cfg.project[:LONGEST_PROJECT]!r} {what}, and W&B takes at most "
            f"{LONGEST_PROJECT} characters, none of {' '.join(REFUSED_IN_PROJECT)}"
            f"{'; the owner of a project is tracker.entity.' if '/' in wrong else '.'}"
        )
    for tag in cfg.tags:
        if not 0 < len(tag) <= LONGEST_TAG:
            raise UserError(
                f"Bad value for 'tracker.tags': {tag[:LONGEST_TAG]!r} has {len(tag)} characters, and W&B takes 1 to "
                f"{LONGEST_TAG}."
            )


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

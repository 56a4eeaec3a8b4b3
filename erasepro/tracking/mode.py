"""Whether a run is logged online: what the config says, else the environment's WANDB_MODE, else by whether there is a key."""

from __future__ import annotations

import os

from erasepro.errors import UserError

MODES = ("auto", "offline", "online")
ENVIRONMENT = {
    "online": "online",
    "run": "online",
    "shared": "online",
    "offline": "offline",
    "dryrun": "offline",
    "disabled": "disabled",
}
"""What W&B's own WANDB_MODE may say, and which mode that is here."""


def choose_mode(mode: str) -> str:
    """How a run is logged: ``online``, ``offline``, ``disabled``, or ``auto``.

    Where neither config nor environment decides, it is ``online`` with a key in the environment, and else ``auto``: the process
    that talks to W&B (see ``wandb_process``) decides, as it knows where W&B keeps keys.

    Raises UserError for a mode that is none of `MODES`.
    """
    if mode not in MODES:
        raise UserError(f"Bad value for 'tracker.mode': got {mode!r}, allowed: {', '.join(MODES)}.")
    wanted = os.environ.get("WANDB_MODE") or "online"
    if wanted not in ENVIRONMENT:
        raise UserError(
            f"Bad value for the environment's WANDB_MODE: got {wanted!r}, allowed: {', '.join(ENVIRONMENT)}."
        )
    if mode != "auto":
        return mode
    if ENVIRONMENT[wanted] == "online" and not os.environ.get("WANDB_API_KEY"):
        return "auto"
    return ENVIRONMENT[wanted]

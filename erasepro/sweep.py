"""``erasepro -m``: a Hydra sweep, each job in its own run folder; one failed job does not stop the others."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from omegaconf import DictConfig

from erasepro.config import VERSION_BASE, check, config_dir, named, prepare, search_path_override
from erasepro.config_errors import translated
from erasepro.errors import UserError


def sweep(overrides: Sequence[str]) -> int:
    """Run every combination with the launcher of the config (Hydra's basic one: one after the other).

    Returns 0, or 2 when a job failed by a user's mistake; each failure is told in one line when it happens.
    """
    import hydra
    from hydra.core.global_hydra import GlobalHydra

    failed: list[str] = []

    def job(cfg: DictConfig) -> None:
        from erasepro.runner import run

        try:
            run(check(cfg))
        except UserError as error:
            failed.append(str(error))
            print(f"erasepro: error: {error}", file=sys.stderr)

    prepare()
    GlobalHydra.instance().clear()
    before, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["erasepro", "-m", search_path_override(), *named(overrides)]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises instead of printing and leaving
    try:
        with translated(overrides):
            hydra.main(version_base=VERSION_BASE, config_path=str(config_dir()), config_name="config")(job)()
    finally:
        sys.argv = before
        if full_error is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error
    if failed:
        print(f"erasepro: {len(failed)} job(s) of the sweep failed, see above.", file=sys.stderr)
    return 2 if failed else 0

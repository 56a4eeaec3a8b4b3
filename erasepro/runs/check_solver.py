"""Values of a solver's own keys that a run would stumble over only after it has begun, refused while its config is read."""

from __future__ import annotations

import dataclasses
from typing import Any

from erasepro.models.features.retained_tokens import PRESERVE_TOKENS, WEIGHTINGS
from erasepro.models.features.token_pairing import POLICIES
from erasepro.models.kinds import TEXT_KINDS
from erasepro.runs.check_values import check_choice
from erasepro.schedules.config import ScheduleConfig
from erasepro.schedules.registry import SCHEDULES
from erasepro.solvers import make_solver
from erasepro.solvers.configs.checks import TOKENS
from erasepro.solvers.configs.fit import FitConfig
from erasepro.solvers.registry import SOLVERS


def check_solver(settings: Any) -> None:
    """Raise UserError, with the allowed values, for a choice that there is not, and for a solver's number out of range.

    Args:
        settings: an instance of the solver's dataclass.
    """
    for field in dataclasses.fields(settings):
        key, value = f"solver.{field.name}", getattr(settings, field.name)
        if field.name in TOKENS:
            check_choice(key, value, PRESERVE_TOKENS if field.name == "preserve_tokens" else POLICIES)
        elif field.name == "text_sites":
            for kind in value:
                check_choice(key, kind, TEXT_KINDS)
        elif isinstance(value, FitConfig):
            check_choice(f"{key}.preserve.tokens", value.preserve.tokens, PRESERVE_TOKENS)
            check_choice(f"{key}.preserve.weights", value.preserve.weights, WEIGHTINGS)
        elif isinstance(value, ScheduleConfig):
            SCHEDULES.get(value.name)(value)
    if SOLVERS.config_module(settings.name):  # its settings check themselves: the method, and torch, need not be imported
        settings.check()
    else:
        make_solver(settings).check_config()

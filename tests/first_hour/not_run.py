"""The commands of the pages that are not run here, each with the reason; and those that end otherwise than by 0."""

from __future__ import annotations

import re

NOT_RUN = {
    r"make .*": "is of a checkout: the wheel has no Makefile",
    r"python (benchmarks/\S+|docs/generate)\.py.*": "is of a checkout: the wheel has the package alone",
    r"pip install .*": "asks a package index; the wheel is installed by tests/installed_wheel.py",
    r"python -m erasepro\.recipes\.miniature.*": "fetches pictures, and trains for an hour",
    r"torchrun .*": "is run by tests/end_to_end/test_distributed.py",
    r"erasepro (study \S+ launcher=joblib|-m hydra/launcher=joblib).*": (
        "needs 'erasepro[cluster]': tests/study/test_hydra_jobs.py runs Hydra's launchers"
    ),
    r"wandb .*": "asks a server for a key or takes a run there",
    r"erasepro tune": "searches the settings of all solvers, for hours; the searches of two of them are run",
    r"erasepro (--cfg (model=my_sd15|concepts=instance/pets|protocol=mine)|study two_ridges .*)": (
        "is about an option that is written into a checkout's conf/: tests/test_contributing.py runs it there"
    ),
}
"""Pattern of whole commands -> why they are not run."""

NEED_WEIGHTS = {
    r"erasepro metrics=clip( metrics\.judge\.name=ViT-L/14)?": r"Cannot download OpenAI's CLIP .*metrics\.judge\.source=FILE",
    r"erasepro 'metrics=\[clip_score,fid\]' .*": r"Cannot download the FID Inception .*metrics\.params\.fid\.weights",
    r"erasepro 'metrics=\[object_accuracy\]' .*": r"Cannot download .*metrics\.params\.object_accuracy\.weights",
}
"""Pattern of commands that fetch a published network -> the line that they end with, status 2, where there is no network."""


def why_not(command: str) -> str:
    """Why a command is not run; "" where it is."""
    return next((reason for pattern, reason in NOT_RUN.items() if re.fullmatch(pattern, command)), "")


def last_line(command: str) -> str:
    """The pattern of the error that a command must end with here; "" where it must be done."""
    return next((line for pattern, line in NEED_WEIGHTS.items() if re.fullmatch(pattern, command)), "")

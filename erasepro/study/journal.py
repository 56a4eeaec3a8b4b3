"""The record of a search: Optuna studies in one journal file, which several processes share and a killed one leaves whole."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.errors import UserError
from erasepro.runtime.lock import Lock, describe_self, is_alive

if TYPE_CHECKING:
    import optuna

JOURNAL = "journal.log"
STARTUP_TRIALS = 8
"""Trials of a solver drawn at random before the sampler learns from them."""
POLL_SECONDS = 2.0


def import_optuna() -> Any:
    """Optuna, its own messages off. Raises UserError where it, or what the figures at the end need, is not installed."""
    try:
        import matplotlib  # noqa: F401 - told now, not after hours of trials
        import optuna
    except ImportError as error:
        raise UserError(f"The search needs Optuna and matplotlib ({error}): pip install 'erasepro[tune]'.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


class Journal:
    """All studies of one folder: a solver's trials under its name, further stages under ``<solver>/<stage>``.

    Args:
        folder: where ``journal.log`` lies; made where it is missing.
        seed: of the sampler. A trial's draw hangs on it and on the trials before: one process draws the same trials however
            often it is stopped, several in the order in which they ended.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.optuna = import_optuna()
        self.folder, self.seed = folder, seed
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / JOURNAL
        lock = self.optuna.storages.journal.JournalFileOpenLock(str(path))
        _drop_torn_line(path, lock)
        try:
            backend = self.optuna.storages.journal.JournalFileBackend(str(path), lock)
            self.storage = self.optuna.storages.JournalStorage(backend)
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{str(path)!r} is damaged ({' '.join(str(error).split())[:120]}): put it back as it was, or begin anew with "
                "another out=FOLDER."
            ) from error
        self._studies: dict[str, optuna.Study] = {}

    def guarded(self) -> Lock:
        """One process at a time decides what is done next."""
        return Lock(self.folder / "lock.json", wait=True)

    def study(self, name: str, directions: Sequence[str]) -> optuna.Study:
        """The study of a name, made where there is none."""
        if name not in self._studies:
            self._studies[name] = self.optuna.create_study(
                study_name=name, storage=self.storage, directions=list(directions), load_if_exists=True
            )
        return self._studies[name]

    def count_begun(self, study: optuna.Study) -> int:
        """Trials that ended, were refused, or that a live process is at; what a killed process began is given back first."""
        count = 0
        for trial in study.get_trials(deepcopy=False):
            if trial.state.name == "RUNNING" and not is_alive(_holder(trial)):
                with suppress(self.optuna.exceptions.UpdateFinishedTrialError, ValueError, RuntimeError):
                    study.tell(trial.number, state=self.optuna.trial.TrialState.FAIL)
                study.enqueue_trial(trial.params, user_attrs={**_kept(trial)})
            elif trial.state.name in ("RUNNING", "COMPLETE") or "refused" in trial.user_attrs:
                count += 1
        return count

    def begin(self, study: optuna.Study) -> optuna.Trial:
        """The next trial, an enqueued one first, marked as this process's."""
        number = len(study.get_trials(deepcopy=False))
        study.sampler = self.optuna.samplers.TPESampler(
            n_startup_trials=STARTUP_TRIALS, seed=self.seed * 100_003 + number, constant_liar=True
        )
        trial = study.ask()
        trial.set_user_attr("holder", describe_self())
        return trial

    def finish(self, study: optuna.Study, trial: optuna.Trial, values: Sequence[float], facts: Mapping[str, Any]) -> None:
        """Record what a trial gave."""
        for key, value in facts.items():
            trial.set_user_attr(key, value)
        study.tell(trial, list(values))

    def refuse(self, study: optuna.Study, trial: optuna.Trial, reason: str, words: Sequence[str]) -> None:
        """Record that a trial's setting cannot be: it counts as one, and has no numbers."""
        trial.set_user_attr("words", list(words))
        trial.set_user_attr("refused", reason)
        study.tell(trial, state=self.optuna.trial.TrialState.FAIL)

    def wait(self, study: optuna.Study) -> None:
        """Return when no live process is at a trial of the study."""
        while any(
            trial.state.name == "RUNNING" and is_alive(_holder(trial)) and _holder(trial)["pid"] != os.getpid()
            for trial in study.get_trials(deepcopy=False)
        ):
            time.sleep(POLL_SECONDS)


def ended(study: optuna.Study) -> list[Any]:
    """The trials with numbers, in their order."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]


def _kept(trial: Any) -> dict[str, Any]:
    """What was said of a trial when it was enqueued."""
    return {key: value for key, value in trial.user_attrs.items() if key in ("published", "words", "of", "preset")}


def _holder(trial: Any) -> dict[str, Any]:
    """Who is at a running trial; of one that was killed before it could say so, nobody."""
    gone = {"pid": 2**22 + 1, "host": socket.gethostname(), "started": "0", "since": ""}
    return dict(trial.user_attrs.get("holder", gone))


def _drop_torn_line(path: Path, lock: Any) -> None:
    """Take off the end of a journal what a killed process wrote of a line: the next line would be joined to it."""
    if not path.is_file():
        return
    lock.acquire()
    try:
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data) or (data and not _is_json(data[:whole].rstrip(b"\n").rpartition(b"\n")[2])):
            os.truncate(path, whole if whole < len(data) else data[: whole - 1].rfind(b"\n") + 1)
    finally:
        lock.release()


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line or b"{}")
    except ValueError:
        return False
    return True

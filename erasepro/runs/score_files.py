"""The files of a run's ``scores/`` folder, written with digests and read only where these hold.

Of each metric and setting there are two: ``NAME.json`` holds its scores of both models, the hash of the edit whose pictures
were counted, the SHA-256 of the other file, and a digest of its own content (``runtime.sealed_json``); ``NAME.parquet`` holds a
row an image. Where anything of that does not hold, or an older erasepro wrote no digest, the scores count as missing: they are
made again, with a line that says why.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from erasepro.results.samples import read_samples, write_samples
from erasepro.runtime.sealed_json import hash_file, read_sealed, write_sealed

OTHER_PICTURES = "was counted on pictures of another edit"


@dataclass(frozen=True)
class ScoreFiles:
    """The score files of one run.

    Args:
        folder: the run's ``scores/``.
        edit: the hash of the run's edit; "" where its stage marker does not tell it.
    """

    folder: Path
    edit: str

    def write(self, name: str, samples: Iterable[Mapping[str, Any]], scores: Mapping[str, Any]) -> None:
        """Write a metric's two files, the one that vouches for the other last.

        Args:
            name: of the files, without suffix.
            samples: a row an image.
            scores: JSON values: ``edited``, ``original``, ``seconds``.
        """
        write_samples(self.parquet(name), samples)
        record = {**scores, "edit": self.edit, "parquet": hash_file(self.parquet(name))}
        write_sealed(self._json(name), record)

    def read(self, name: str) -> dict[str, Any]:
        """A metric's scores; empty where they are still to be made, or their files are not as they were written.

        Raises UserError where a folder, or a link to itself, is in the place of one of the files.
        """
        return self._checked(name)[0]

    def samples(self, name: str) -> list[dict[str, Any]]:
        """A metric's rows, an image each; none where its files are not as they were written, with a line that says so."""
        record, problem = self._checked(name)
        if problem:
            print(f"erasepro: {problem}: its columns are left out of samples.parquet.", file=sys.stderr)
        return read_samples(self.parquet(name)) if record else []

    def tell_problem(self, name: str) -> None:
        """Print why scores that are there are counted again; nothing where there are none."""
        problem = self._checked(name)[1]
        if problem:
            print(f"erasepro: {problem}: counted again.", file=sys.stderr)

    def parquet(self, name: str) -> Path:
        """The file with a row an image."""
        return self.folder / f"{name}.parquet"

    def _json(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _checked(self, name: str) -> tuple[dict[str, Any], str]:
        """The record and ""; ({}, "") where there is none; ({}, the file and what is wrong with it)."""
        record, problem = read_sealed(self._json(name))
        if problem:
            return {}, f"{str(self._json(name))!r} {problem}"
        if not record:
            return {}, ""
        if record.get("edit") != self.edit:
            return {}, f"{str(self._json(name))!r} {OTHER_PICTURES}"
        if record.get("parquet") != (hash_file(self.parquet(name)) or None):
            return {}, f"{str(self.parquet(name))!r} is gone, damaged or was changed by hand"
        return record, ""

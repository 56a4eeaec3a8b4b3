"""A run's pictures, of both models, held against what is recorded of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from erasepro.generation import ImageStore, Row
from erasepro.generation.lost import describe_lost
from erasepro.generation.picture_record import FileState, file_state
from erasepro.generation.store import ERRORS
from erasepro.results.results_json import Results
from erasepro.runtime.files import digest


class RunPictures:
    """The pictures of a run's work list, as the original and as the edited model drew them.

    Args:
        run: the run's folder.
        rows: its work list.
    """

    def __init__(self, run: Path, rows: Sequence[Row]) -> None:
        self.rows = list(rows)
        self.original = ImageStore(run / "images" / "original")
        self.edited = ImageStore(run / "images" / "edited")
        self._hashed: tuple[list[FileState], str] = ([], "")

    @property
    def fingerprint(self) -> str:
        """Hash of the SHA-256s that are recorded of the pictures: ``hashes.images`` of results.json.

        Scores are filed under it: pictures of other bytes have other scores.
        """
        stores = (self.original, self.edited)
        state = [file_state(path) for store in stores for path in (store.record.path, store.folder / ERRORS)]
        if self._hashed[0] != state:
            self._hashed = (state, digest([store.fingerprint(self.rows) for store in stores]))
        return self._hashed[1]

    def are_recorded_in(self, results: Results) -> bool:
        """Whether results were counted on pictures of the SHA-256s that are recorded here, drawn by this model and edit.

        Raises UserError for a damaged manifest.
        """
        model, edit = results.hashes.get("weights", ""), results.hashes.get("edit", "")
        return (
            results.hashes.get("images") == self.fingerprint
            and self.original.is_of(model)
            and self.edited.is_of(model, edit)
        )

    def describe_lost(self) -> str:
        """What is gone or damaged, in a line without a full stop; "" where every picture is, byte for byte, as drawn."""
        lost = {store.folder: store.lost(self.rows) for store in (self.original, self.edited)}
        return "; ".join(describe_lost(folder, names) for folder, names in lost.items() if names)

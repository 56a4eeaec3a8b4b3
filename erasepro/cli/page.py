"""``erasepro page FOLDER…``: a study, or finished runs, as one HTML file that needs nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from erasepro.cli.notes import own_options
from erasepro.errors import UserError, visible
from erasepro.runtime.progress import stage

KEYS = ("out", "rows", "sensitive")
SENSITIVE = ("click", "never")
"""What becomes of sensitive pictures: a click shows them, or the file holds nothing that could be recognised."""


def command(words: Sequence[str]) -> int:
    """``erasepro page STUDY|RUN… [out=FILE.html] [rows=12] [sensitive=never]``: one file, 15 MB at most.

    Raises UserError for folders that hold neither a study nor results, for a file of another kind in the page's place, and
    where the page cannot be written.
    """
    own = own_options(words, KEYS)
    folders = [word.rstrip("/") or word for word in words if word.partition("=")[0] not in KEYS]
    if not folders:
        raise UserError("page takes a study's folder, or run folders: erasepro page outputs/STUDY.")
    rows = own.get("rows", "12")
    if not rows.isdecimal() or not 1 <= int(rows) <= 200:
        raise UserError(f"Bad value for 'rows': got {rows!r}, allowed: whole numbers from 1 to 200.")
    sensitive = own.get("sensitive", SENSITIVE[0])
    if sensitive not in SENSITIVE:
        raise UserError(f"Bad value for 'sensitive': got {sensitive!r}, allowed: {', '.join(SENSITIVE)}.")
    from erasepro.study.study_folder import StudyFolder, is_study

    studies = [folder for folder in folders if is_study(Path(folder))]
    if studies and len(folders) > 1:
        raise UserError(f"{studies[0]!r} is a study: a page is of one study, or of runs.")
    usual = Path(folders[0]) / "page.html" if studies else Path("page.html")
    out = Path(own["out"]).expanduser() if own.get("out") else usual
    _check_place(out)
    from erasepro.report.formats import writable
    from erasepro.runtime.files import write_bytes

    with stage("Making the page"):
        from erasepro.report.web_page.web_page import render_page
        from erasepro.results.finished_runs import read_finished_runs
        from erasepro.study.page_content import runs_page, study_page

        if studies:
            content = study_page(StudyFolder(Path(folders[0])), int(rows))
        else:
            finished, missing = read_finished_runs(folders)
            if not finished:
                raise missing[0]
            for reason in missing:
                print(f"erasepro: left out: {reason}", file=sys.stderr)
            content = runs_page(finished, int(rows))
        page = render_page(content, blurred=sensitive == "never").encode()
    with writable():
        out.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(out, page)
    for note in content.notes:
        print(visible(f"erasepro: {note}"), file=sys.stderr)
    if sensitive == "click" and any(group.is_sensitive for group in content.groups):
        print("Sensitive pictures are in it, blurred until clicked: sensitive=never keeps them out.")
    print(visible(f"Page: {out} ({len(page) / 1e6:.1f} MB)"))
    return 0


def _check_place(out: Path) -> None:
    from erasepro.report.web_page.web_page import SIGN

    if out.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"Bad value for 'out': got {str(out)!r}, a page's name ends in .html.")
    if out.exists():
        if not out.is_file():
            raise UserError(f"{str(out)!r} is no file: give another name.")
        with out.open("rb") as file:
            begin = file.read(200)
        if begin and SIGN.encode() not in begin:
            raise UserError(f"{str(out)!r} is no page of erasepro, so it is not replaced: move it, or delete it.")

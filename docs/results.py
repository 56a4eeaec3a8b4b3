"""Write experiments/RESULTS.md: make the runs of its studies that are missing, and print their tables into it.

python docs/results.py                     # all sections (make results); stopped, the same command goes on
python docs/results.py --only many_concepts depth
python docs/results.py --plan              # what there is to do; makes nothing
python docs/results.py --quick             # few runs of each, into outputs/results-quick (make results-quick)

Sections are listed in docs/results.yaml. One that is not made stays in RESULTS.md as it is, so that a machine with little time
makes them one after the other. The runs, and a page of each study, lie in outputs/results.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from erasepro.report.figures.registry import figure_tables
from erasepro.runtime.files import write_text
from erasepro.runtime.source_digest import source_digest
from erasepro.study.cells import Cell, cells_of, restrict
from erasepro.study.study_file import load_study
from erasepro.study.study_folder import StudyFolder
from erasepro.study.study_tables import all_tables

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = ROOT / "docs" / "results.yaml"
PAGE = ROOT / "experiments" / "RESULTS.md"
QUICK = "**A quick look, not results: few prompts, one seed, few sets.**\n\n"


@dataclass(frozen=True)
class Section:
    """One study on the page.

    Attributes:
        name: of the section; with ``study`` left out, of the study too.
        words: what its runs are given beside what the study's file says; quick: for a quick look, beside those.
        minutes: on two cores, as measured; 0: not yet.
        shows: what it shows, in our words.
    """

    name: str
    title: str
    study: str
    words: Sequence[str] = ()
    quick: Sequence[str] = ()
    minutes: float = 0.0
    shows: str = ""

    def chosen(self, is_quick: bool) -> Sequence[str]:
        """The words of this round."""
        return self.quick if is_quick else self.words

    def command(self, is_quick: bool) -> str:
        """What a reader gives to make it."""
        return " ".join(["erasepro", "study", self.study.rpartition("/")[2], *map(shlex.quote, self.chosen(is_quick))])


def read_sections() -> tuple[str, list[Section]]:
    """What stands above the sections, and the sections."""
    content = yaml.safe_load(SECTIONS.read_text(encoding="utf-8"))
    sections = []
    for name, part in content["sections"].items():
        words = [str(word) for word in part.get("words", ())]
        quick = [*words, *(str(word) for word in part.get("quick", content["quick"]))]
        sections.append(
            Section(
                name, part["title"], part.get("study", name), words, quick, float(part.get("minutes", 0)),
                " ".join(part.get("shows", "").split()),
            )
        )  # fmt: skip
    return content["head"], sections


def cells_of_section(section: Section, is_quick: bool) -> list[Cell]:
    """Its runs. Raises UserError as the command does."""
    study, rest = restrict(load_study(section.study), section.chosen(is_quick))
    return cells_of(study, rest)


def print_budget(sections: Sequence[Section], is_quick: bool) -> None:
    """What there is to do: runs, and minutes where they were measured."""
    total = 0
    for section in sections:
        number = len(cells_of_section(section, is_quick))
        total += number
        time = f"about {section.minutes:g} min on two cores" if section.minutes and not is_quick else "not measured yet"
        print(f"  {section.name}: {number:,} runs, {'' if is_quick else time}".rstrip(", "))
    known = sum(section.minutes for section in sections)
    print(f"{len(sections)} sections, {total:,} runs" + ("" if is_quick else f", about {known / 60:.1f} h where it is known"))


def make(section: Section, place: Path, is_quick: bool, workers: int) -> StudyFolder | None:
    """Make the section's runs in its folder; None where runs failed or are missing."""
    folder = place / section.name
    runs = (place / "runs").relative_to(ROOT)  # the study's id hangs on its words: on no place of this machine
    words = [*section.chosen(is_quick), f"outputs.dir={runs}", f"workers={workers}", f"out={folder}"]
    command = [sys.executable, "-m", "erasepro", "study", section.study, *words]
    print(f"{section.name}: {section.command(is_quick)}", flush=True)
    with (place / f"{section.name}.log").open("w", encoding="utf-8") as log:
        status = subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if status:
        print(f"  failed; see {place / section.name}.log", file=sys.stderr)
        return None
    subprocess.run([sys.executable, "-m", "erasepro", "page", str(folder)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return StudyFolder(folder)


def section_text(section: Section, folder: StudyFolder, is_quick: bool) -> str:
    """The section as it stands in the page, between its marks."""
    done = folder.load_finished()
    shows = f"{section.shows}\n\n" if section.shows and not is_quick else ""
    code = source_digest("erasepro.runs.run", ("erasepro",))[:8]
    stamp = f"{len(done):,} run{'s' if len(done) != 1 else ''}; study {folder.plan.id}, code {code}."
    tables = all_tables(folder.plan, done)
    if any(kind == "depth" for kind, _ in folder.plan.figures):
        tables += figure_tables("depth", [results for _, _, results in done])
    body = "\n".join(table.markdown() for table in tables)
    return f"## {section.title}\n\n{shows}```\n{section.command(is_quick)}\n```\n\n{stamp}\n\n{body}"


def replaced(page: str, name: str, text: str) -> str:
    """The page with a section's text in its place; behind the others where it was not there."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    block = f"{begin}\n{text.strip()}\n{end}"
    found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", page, re.DOTALL)
    return page[: found.start()] + block + page[found.end() :] if found else f"{page.rstrip()}\n\n{block}\n"


def main() -> int:
    """Make the sections that are asked for; 1 where one could not be made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="SECTION")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    head, sections = read_sections()
    names = [section.name for section in sections]
    strange = [name for name in given.only or () if name not in names]
    if strange:
        parser.error(f"no section {', '.join(strange)}; there are {', '.join(names)}")
    chosen = [section for section in sections if section.name in (given.only or names)]
    print_budget(chosen, given.quick)
    if given.plan:
        return 0
    place = ROOT / "outputs" / ("results-quick" if given.quick else "results")
    place.mkdir(parents=True, exist_ok=True)
    file = place / "RESULTS.md" if given.quick else PAGE
    failed = 0
    for section in chosen:
        folder = make(section, place, given.quick, given.workers)
        if folder is None:
            failed += 1
            continue
        page = file.read_text(encoding="utf-8") if file.is_file() else (QUICK if given.quick else "") + head
        write_text(file, replaced(page, section.name, section_text(section, folder, given.quick)))
    print(f"Results: {file}; pages: {place}/*/page.html")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""What mkdocs needs to know of pages outside docs/: README is the first page; files that pages link to come along.

A forge shows README, CONTRIBUTING and the pages under docs/ where they lie, with links between them. For the site each file
outside docs/ gets the place ``project/<its path>``, README becomes the index, and relative links are made to fit.
"""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
"""A relative link: its path, and what follows #."""
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", "experiments/RESULTS.md")


def place(path: str) -> str:
    """Where a file of the repository (its path from the root) lies in the site's source."""
    if path == "README.md":
        return "index.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else f"project/{path}"


def origin(uri: str) -> str:
    """The path from the root of the file that lies at a place in the site's source."""
    if uri == "index.md":
        return "README.md"
    return uri.removeprefix("project/") if uri.startswith("project/") else f"docs/{uri}"


def linked(path: str) -> list[str]:
    """Paths from the root of what a page links to."""
    file = ROOT / path
    text = page_of(file.with_suffix(".ipynb")) if "notebooks" in file.parts else file.read_text(encoding="utf-8")
    return [posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1])) for match in LINK.finditer(text)]


def page_of(notebook: Path) -> str:
    """A notebook as a page: its text and its code, without what it shows, which is drawn by whoever runs it."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    blocks = [
        f"```python\n{text}\n```" if cell["cell_type"] == "code" else text for cell, text in zip(cells, texts, strict=True)
    ]
    title, *rest = blocks[0].split("\n", 1)
    return "\n\n".join([title, f"*A notebook to run: [{notebook.name}]({notebook.name}).*", *rest, *blocks[1:]]) + "\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page a notebook, the pages outside docs/, and every file that a page links to."""
    for notebook in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{notebook.stem}.md", content=page_of(notebook)))
    pages = [*PAGES, *(f"docs/{file.src_uri}" for file in files.documentation_pages())]
    for path in dict.fromkeys([*PAGES, *(path for page in pages for path in linked(page))]):
        known = files.get_file_from_path(place(path))
        if known is None and (ROOT / path).is_file():
            files.append(File.generated(config, place(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with its relative links as they are in the site's source."""
    path = origin(page.file.src_uri)

    def moved(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[1]))
        return posixpath.relpath(place(target), posixpath.dirname(page.file.src_uri) or ".") + (match[2] or "")

    return LINK.sub(moved, markdown)

"""A page of made-up content: two groups of pictures, one of them sensitive, and text that means harm."""

from __future__ import annotations

import torch

from erasepro.generation import ImageStore, Row
from erasepro.report.number_cell import NumberCell
from erasepro.report.table import Table
from erasepro.report.web_page.embedded_figures import EmbeddedFigure
from erasepro.report.web_page.picture_group import PictureColumn, PictureGroup
from erasepro.report.web_page.web_page import PageContent, RunFacts

HOSTILE = '<script>document.title="taken"</script>"\'\u202eevil'
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#0072B2"/></svg>'


def draw_store(folder, names, size=64, seed=0):
    store = ImageStore(folder).open({"model": folder.name})
    noise = torch.Generator().manual_seed(seed)
    for name in names:
        store.save(name, torch.randint(0, 256, (3, size, size), dtype=torch.uint8, generator=noise))
    return store


def make_group(folder, title="dog → cat", models=("erasepro", HOSTILE), rows=3, size=64, is_sensitive=False):
    listed = [
        Row(f"{role}-{i}", f"a picture, {i} {HOSTILE}", 0, "dog", role, "plain", "cat")
        for role in ("target", "retain") for i in range(rows)
    ]  # fmt: skip
    names = [row.name for row in listed]
    folder.mkdir()
    seen = {"target-0_0": "dog", "target-1_0": "cat", "retain-0_0": ""}
    columns = [
        PictureColumn(model, draw_store(folder / f"m{k}", names, size, k), seen)
        for k, model in enumerate(("original", *models))
    ]  # fmt: skip
    return PictureGroup(title, columns, listed, is_sensitive)


def make_content(folder):
    rows = tuple(
        (name, NumberCell(f"{value:.2f}", value), NumberCell(f"{10 * value:.1f}", 10 * value))
        for name, value in (("uce", 0.5), ("erasepro", 0.0), (HOSTILE, 0.25), ("oce", -3.0), ("rece", 12.0))
    )
    note = "How.\nMore " + HOSTILE
    table = Table("Shares " + HOSTILE, ("solver", "target ↓", "others ↑"), rows, note, higher_is_better=(False, True))
    return PageContent(
        title="Study " + HOSTILE,
        summary=HOSTILE,
        command="erasepro study own",
        tables=[table],
        figures=[EmbeddedFigure(HOSTILE, SVG)],
        groups=[make_group(folder / "a"), make_group(folder / "b", "secret", is_sensitive=True)],
        runs=[RunFacts("solver=uce", "heading", "erasepro solver=uce", {"hash of edit": "ab"}, "name: " + HOSTILE)],
        notes=["Failed: " + HOSTILE],
    )

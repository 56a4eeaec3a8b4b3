"""An edit as notebooks and prompts show it: short, and escaped."""

import re
from dataclasses import replace

from erasepro import erase
from erasepro.edit import Edit

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e&"


def test_it_says_what_it_erases(model32, edit32):
    assert edit32.concepts == {"dog": "cat"}
    assert Edit({}).concepts == {}
    assert erase(model32, edit32.concepts, "uce", retain_source="none").concepts == {"dog": "cat"}, "as erase takes them"
    assert edit32.residuals["selected"] < edit32.residuals["before"]


def test_its_repr_is_one_short_line(edit32):
    assert len(repr(edit32)) < 120
    assert "\n" not in repr(edit32)


def test_its_html_has_pairs_residuals_and_weights(edit32):
    shown = edit32._repr_html_()
    for part in ("<td style='text-align:left'>dog</td>", "exactly constrained columns", "attn2.to_k", edit32.hash):
        assert part in shown
    assert "and " not in shown.partition("Weights")[2] or len(edit32.updates) > 12
    assert "No column" not in shown
    assert Edit({})._repr_html_().count("<table>") == 2, "no residual is claimed"


def test_every_foreign_text_is_escaped(edit32):
    meta = edit32.meta | {"solver": HOSTILE, "concepts": {"pairs": [[HOSTILE, HOSTILE]]}, "model": {"name": HOSTILE}}
    site = next(iter(edit32.updates))
    shown = replace(edit32, updates={HOSTILE: edit32.updates[site]}, meta=meta)._repr_html_()
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") == 5
    assert set(re.findall(r"<[^>]+>", shown)) <= {
        "<table>", "</table>", "<caption style='text-align:left'>", "</caption>", "<b>", "</b>", "<thead>", "</thead>",
        "<tbody>", "</tbody>", "<tr>", "</tr>", "<th style='text-align:left'>", "<th style='text-align:right'>", "</th>",
        "<td style='text-align:left'>", "<td style='text-align:right'>", "</td>", "<p>", "</p>",
    }  # fmt: skip
    assert not re.search("[\x1b\u202e]", shown)

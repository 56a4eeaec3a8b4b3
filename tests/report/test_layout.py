"""Columns that fit a width, whatever the width, with every cell in them."""

import pytest
from rich.cells import cell_len

from erasepro.report.layout import lay_out

WIDE = [
    ["prompts", "phrasing", "n", "original", "concept shown", "retention (edited/original)", "anchor shown", "other"],
    *([role, phrasing, "36", *["1.000 [0.889–1]"] * 5] for role in ("target ↓", "synonym ↓") for phrasing in ("plain", "all")),
]


def text(grid, width, **options):
    return [line for block in lay_out(grid, width, **options) for line in block.lines()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_no_line_is_wider_and_no_cell_is_lost(width):
    lines = text(WIDE, width, keys=3)
    assert max(map(cell_len, lines)) <= width
    assert sum(line.count("1.000 [0.889–1]") for line in lines) == 4 * 5


def test_what_fits_is_one_block_on_lines_of_its_own():
    (block,) = lay_out(WIDE, 200, keys=3)
    assert len(block.lines()) == 2 + 4


def test_headers_are_wrapped_before_the_table_is_cut():
    (block,) = lay_out([["a", "one two three"], ["b", "1"]], 12)
    assert block.lines() == [" a    one two", "        three", " ──────────", " b          1"] or len(block.lines()) > 3
    assert max(map(cell_len, block.lines())) <= 12


def test_blocks_repeat_the_key_columns_and_are_even():
    blocks = lay_out(WIDE, 80, keys=3)
    assert [len(block.columns) for block in blocks] == [6, 5]
    assert {tuple(column[0] for column in block.columns[:3]) for block in blocks} == {("prompts", "phrasing", "n")}


def test_rows_and_columns_change_places_where_that_makes_fewer_blocks():
    grid = [["method", *(f"measure {i}" for i in range(9))], ["erasepro", *["0.000 [0–0.500]"] * 9]]
    assert len(lay_out(grid, 80)) > 1
    (turned,) = lay_out(grid, 80, may_turn=True)
    assert turned.columns[0] == tuple(grid[0])
    (upright,) = lay_out(grid, 400, may_turn=True)
    assert upright.columns[0] == ("method", "erasepro")


def test_a_word_wider_than_the_terminal_is_cut_and_wide_letters_count_twice():
    grid = [["name", "protocol"], ["猫" * 30, "mace/1+modified(" + "x" * 60 + ")"]]
    lines = text(grid, 40)
    assert max(map(cell_len, lines)) <= 40
    joined = "".join("".join(line.split()) for line in lines)
    assert joined.count("猫") == 30
    assert joined.count("x") == 60

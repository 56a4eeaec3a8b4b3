"""Cells of files as typed values."""

import pytest

from erasepro.prompts.sets.cells import name_of, number_of, text_of, whole_of


@pytest.mark.parametrize(
    ("read", "cell", "value"),
    [
        (text_of, " a b ", "a b"), (text_of, "  ", None), (text_of, None, None),
        (number_of, "7.5", 7.5), (number_of, " 1e3 ", 1000.0), (number_of, 3, 3.0), (number_of, "", None),
        (number_of, None, None),
        (whole_of, "7", 7), (whole_of, " -7 ", -7), (whole_of, "7.0", 7), (whole_of, 7.0, 7), (whole_of, " ", None),
        (whole_of, str(2**63 + 1), 2**63 + 1), (whole_of, 2**63 + 1, 2**63 + 1),  # exact: no float holds it
        (name_of, 12, "12"), (name_of, 12.0, "12"), (name_of, "a1", "a1"), (name_of, None, None),
    ],
)  # fmt: skip
def test_what_a_cell_holds(read, cell, value):
    found = read(cell)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("read", "cell", "reason"),
    [
        (text_of, 3, "no text"), (text_of, ["a"], "no text"),
        (number_of, "seven", "no number"), (number_of, True, "no number"), (number_of, [1], "no number"),
        (number_of, "nan", "no finite number"), (number_of, "inf", "no finite number"), (number_of, 10**400, "no number"),
        (whole_of, "7.5", "no whole number"), (whole_of, True, "no number"), (whole_of, "x", "no number"),
        (name_of, 1.5, "no whole number"), (name_of, [1], "no text"),
    ],
)  # fmt: skip
def test_what_it_does_not_hold_is_said(read, cell, reason):
    with pytest.raises(ValueError, match=reason):
        read(cell)

"""How numbers are written."""

import math

import pytest

from erasepro.report.tables import Table, number


@pytest.mark.parametrize(
    ("value", "stderr", "told"),
    [
        (0.98765, 0.00432, "0.9877±0.0043"),
        (1.0, 0.019, "1.0000±0.0190"),
        (187.0, 6.712, "187±6.7"),
        (26.314, 0.4212, "26.31±0.42"),
        (3.14159, None, "3.142"),
        (12345.6, 7.0, "12345.6±7.0"),
        (-2.5, 0.1, "-2.500±0.100"),
        (math.nan, None, "–"),
        (math.inf, None, "inf"),
    ],
)
def test_numbers_are_told_with_the_digits_that_matter(value, stderr, told):
    assert number(value, stderr) == told


def test_a_table_shows_any_text_as_itself():
    evil = "\x1b[31m<b>|:dog:[bold]"
    table = Table(evil, (evil, "n"), ((evil, "1"),), evil)
    for text in (table.text(), table.markdown(), table.csv()):
        assert "\x1b" not in text
        assert "\\x1b" in text
    assert table.text().count(":dog:[bold]") == 4
    lines = table.markdown().splitlines()
    assert lines[0] == r"**\\x1b\[31m\<b\>\|:dog:\[bold\]**"
    assert lines[4] == r"| \\x1b\[31m\<b\>\|:dog:\[bold\] | 1 |"

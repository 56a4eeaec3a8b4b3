"""HTML for notebooks: someone's words are never markup."""

from erasepro.runtime.html_table import PNG, escape_html, html_line, html_picture, html_table


def test_words_are_nothing_but_themselves():
    assert escape_html("""<a href='x' title="y">&\x1b""") == "&lt;a href=&#x27;x&#x27; title=&quot;y&quot;&gt;&amp;\\x1b"
    assert html_line("a\n b") == "<p>a b</p>"
    assert html_line("") == ""


def test_a_table_has_its_cells_escaped():
    shown = html_table("<c>", ("<h>", "i"), [("<d>", 3)], "<n>")
    assert "<c>" not in shown.replace("<caption", "")
    assert shown.count("&lt;") == 4
    assert "<td style='text-align:right'>3</td>" in shown
    assert "<thead>" not in html_table("c", (), [("x", "y")])


def test_only_a_png_becomes_a_picture():
    assert html_picture(b"<svg onload=alert(1)>", "x") == ""
    assert html_picture(PNG, "'>").startswith("<img alt='&#x27;&gt;' src='data:image/png;base64,")


def test_cells_are_marked():
    shown = html_table("c", ("h", "i"), [("a", "<1>"), ("b", "2")], marks={(0, 1): "b", (1, 1): "u"})
    assert "<td style='text-align:right'><b>&lt;1&gt;</b></td>" in shown
    assert "<td style='text-align:right'><u>2</u></td>" in shown
    assert "<td style='text-align:left'>a</td>" in shown

from erasepro.report.figures.style import COLOURS, SMALL, TEXT, mark


def test_forty_methods_are_told_apart_in_colour_and_eleven_in_grey():
    looks = [mark(place) for place in range(40)]
    assert len({(look["color"], look["marker"]) for look in looks}) == 40
    assert len({look["marker"] for look in looks[:11]}) == 11
    assert len({(look["marker"], look["linestyle"]) for look in looks}) == 40


def test_colours_differ_in_lightness_from_paper_and_fonts_fit_a_column():
    for colour in COLOURS:
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        assert 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.75
    assert (TEXT, SMALL) == (8, 7)

from xml.etree import ElementTree

from erasepro.study.search_plot import draw_search


def test_a_figure_shows_every_drawn_setting_and_is_the_same_bytes_twice(tmp_path):
    features = [(0.1, 0.5), (0.2, 0.2), (0.5, 0.1), (0.6, 0.6)]
    drawn = [{"target": 0.0, "kept": 0.9, "anchor": 1.0, "fd": 2.0}, {"target": 0.1, "kept": 0.95, "anchor": 0.8, "fd": 1.0}]
    paths = [
        draw_search(tmp_path / name, "uce", features, drawn, ["trial 3", "published"], 0) for name in ("a.svg", "b.svg")
    ]
    text = paths[0].read_text()
    ElementTree.fromstring(text)
    assert "trial 3" in text
    assert "published" in text
    assert draw_search(tmp_path / "c.svg", "uce", features, [], [], None).is_file()

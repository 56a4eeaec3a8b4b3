"""A model as a prompt and a notebook show it."""

from erasepro.models.load import load_model, load_skeleton


def test_a_model_is_shown_in_a_short_line_and_a_table():
    model = load_model("tiny")
    shown = repr(model)
    assert shown.startswith("Model('tiny', StableDiffusionPipeline, ")
    assert shown.endswith(" parameters, float32, cpu)")
    assert len(shown) < 120
    html = model._repr_html_()
    assert "<td style='text-align:left'>unet</td>" in html
    assert "no judge ships with it" in html
    model.name = "<script>"
    assert "<script>" not in model._repr_html_()
    skeleton = load_skeleton("miniature")
    assert repr(skeleton).endswith(" M parameters, weights not loaded, float32)")

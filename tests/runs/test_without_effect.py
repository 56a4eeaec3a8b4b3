"""What was given and is not read gets a line; what is read gets none."""

import pytest

from erasepro.cli.main import main
from erasepro.runs.resolve import resolve
from erasepro.runs.without_effect import lines_without_effect


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["solver=uce", "schedule=shallow_only"], ["schedule has no effect: the solver 'uce' has no schedule."]),
        (["solver=uce", "schedule.target=branch"], ["schedule.target has no effect: the solver 'uce' has no schedule."]),
        (["schedule=shallow_only", "schedule.share=0.3"], []),
        (["model.source=x"], ["model.source has no effect: the model 'miniature' is not read from a source."]),
        (
            ["concepts.file=a.csv", "concepts.pairs=[[pig,cat]]"],
            ["concepts.pairs has no effect: the pairs are those of concepts.file."],
        ),
        (["concepts.pairs=[[pig,cat]]"], []),
        (["model=sd15", "model.source=x"], []),
        (["model.seed=3"], ["model.seed has no effect: only random weights (model=tiny) have a seed."]),
        (["debug=tiny", "model.seed=3"], []),
        (["tracker=none", "tracker.mode=offline"], ["tracker.mode has no effect: nothing is logged with tracker=none."]),
        (["tracker=none"], []),
        (["seed=1", "seed=2"], ["seed is given more than once: the last one holds, seed=2."]),
        (["solver=uce", "solver=oce"], ["solver is given more than once: the last one holds, solver=oce."]),
        (["seed=2", "++seed=2"], []),
        (
            ["solver.text_fit.residual=soft", "solver.text_fit.mu=10", "solver.text_fit.reduced_rank=4"],
            ["solver.text_fit.reduced_rank has no effect: solver.text_fit.residual=soft has no use for it."],
        ),
        (
            ["solver.text_fit.mu=10"],
            ["solver.text_fit.mu has no effect: only solver.text_fit.residual=soft has a weight of its constraints."],
        ),
        (
            ["solver.cross_attention_fit.rank=least_squares", "solver.cross_attention_fit.hold=columns"],
            [
                "solver.cross_attention_fit.hold has no effect: "
                "solver.cross_attention_fit.rank=least_squares holds no column."
            ],
        ),
        (["solver.text_fit.reduced_rank=4", "solver.text_fit.hold=columns", "solver.text_fit.rank=exact"], []),
        (
            ["solver.cross_attention=false", "solver.cross_attention_fit.preserve.scale=2"],
            ["solver.cross_attention_fit.preserve.scale has no effect: solver.cross_attention=false edits no keys and values."],
        ),
        (
            ["solver.text_sites=[]", "solver.text_blocks=[0]"],
            ["solver.text_blocks has no effect: solver.text_sites=[] edits no text encoder."],
        ),
        (["solver=uce", "solver.token_policy=all"], []),
        (
            ["templates=known", "templates.preserve_source=[junk]"],
            ["templates.preserve_source has no effect: templates.grammar=miniature has sentences of its own."],
        ),
        (
            ["solver.text_fit.weights=concept"],
            [
                "solver.text_fit.weights has no effect: "
                "solver.text_fit.residual=hard counts columns only with rank=least_squares."
            ],
        ),
        (["solver.text_fit.weights=concept", "solver.text_fit.residual=soft"], []),
        (["solver.text_fit.weights=concept", "solver.text_fit.rank=least_squares"], []),
    ],
)
def test_a_line_for_what_is_not_read(words, lines):
    assert lines_without_effect(words, resolve(words).stored) == lines


def test_a_variant_that_the_folder_lacks(tmp_path):
    """A model's option brings its variant along; asked for in words, it gets a line."""
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "diffusion_pytorch_model.safetensors").touch()
    words = ["model=sdxl", f"model.source='{tmp_path}'"]
    assert lines_without_effect(words, resolve(words).stored) == []
    words.append("model.variant=fp16")
    assert lines_without_effect(words, resolve(words).stored) == [
        "model.variant has no effect: the model's folder has no files of that variant."
    ]
    (tmp_path / "unet" / "diffusion_pytorch_model.fp16.safetensors").touch()
    assert lines_without_effect(words, resolve(words).stored) == []


def test_the_command_says_it_and_goes_on(capsys):
    assert main(["--cfg", "solver=uce", "schedule=shallow_only"]) == 0
    said = capsys.readouterr()
    assert said.err == "erasepro: note: schedule has no effect: the solver 'uce' has no schedule.\n"
    assert said.out.startswith("model:")

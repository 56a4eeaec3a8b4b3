"""Drawing: the same images however the list is cut, resumed, or ordered; failures recorded; the pipe left as it was."""

import pytest
import torch

from erasepro.errors import UserError
from erasepro.generation import Row, generate
from erasepro.generation import sample as sampling
from erasepro.models.tiny import tiny_pipeline

ROWS = [Row(f"p{i}", prompt, seed) for i, prompt in enumerate(["a dog", "a red cat", "the sea"]) for seed in (0, 7)]
FAST = {"steps": 2, "guidance": 4.0, "progress": False, "model_hash": "tiny"}


@pytest.fixture(scope="module")
def pipe():
    return tiny_pipeline(0)


@pytest.fixture(scope="module")
def images(pipe, tmp_path_factory):
    store = generate(pipe, ROWS, tmp_path_factory.mktemp("whole"), batch_size=4, **FAST)
    return store.load([row.name for row in ROWS])


def test_one_image_a_row_all_different(images):
    assert images.shape == (6, 3, 16, 16)
    assert len({image.numpy().tobytes() for image in images}) == 6


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_images_do_not_depend_on_batch_size_or_order(pipe, images, tmp_path, batch_size):
    store = generate(pipe, ROWS[::-1], tmp_path, batch_size=batch_size, **FAST)
    found = store.load([row.name for row in ROWS])
    assert (found.int() - images.int()).abs().max() <= 1  # float32 sums in another order may tip a rounding to uint8


def test_equals_the_plain_pipeline_call(pipe, images):
    with torch.inference_mode():
        made = pipe(
            ROWS[3].prompt, num_inference_steps=2, guidance_scale=4.0, output_type="pt",
            generator=torch.Generator().manual_seed(7),
        ).images[0]  # fmt: skip
    assert ((made * 255).round().int() - images[3].int()).abs().max() <= 1


def test_a_killed_run_resumes_to_the_same_bits(pipe, images, tmp_path, monkeypatch):
    calls = []
    draw = sampling._draw

    def killed_at_the_second(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return draw(*args)

    monkeypatch.setattr(sampling, "_draw", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        generate(pipe, ROWS, tmp_path, batch_size=4, **FAST)
    (tmp_path / "p0_7.png").unlink()  # killed inside a batch: part of it is written
    store = generate(pipe, ROWS, tmp_path, batch_size=4, **FAST)
    assert torch.equal(store.load([row.name for row in ROWS]), images)
    generate(pipe, ROWS, tmp_path, batch_size=4, **FAST)
    assert len(calls) == 4  # one, the kill, two more, and none once everything is there


def test_other_settings_refuse_the_folder(pipe, tmp_path):
    generate(pipe, ROWS[:1], tmp_path, **FAST)
    with pytest.raises(UserError, match="drawn differently"):
        generate(pipe, ROWS[:1], tmp_path, **{**FAST, "steps": 3})
    with pytest.raises(UserError, match=r"generation\.batch_size must be at least 1, not 0"):
        generate(pipe, ROWS[:1], tmp_path, batch_size=0, **FAST)


def test_nan_and_blank_images_are_recorded_and_the_run_goes_on(pipe, tmp_path, monkeypatch):
    draw = sampling._draw

    def broken(pipe, texts, batch, *rest):
        images = draw(pipe, texts, batch, *rest).clone()
        images[0, 0, 0, 0] = torch.nan
        images[1] = 0.0
        return images

    monkeypatch.setattr(sampling, "_draw", broken)
    store = generate(pipe, ROWS[:4], tmp_path, batch_size=4, **FAST)
    assert store.names() == {ROWS[2].name, ROWS[3].name}
    assert {name: entry["kind"] for name, entry in store.errors().items()} == {"p0_0": "nan", "p0_7": "constant"}
    assert store.missing(ROWS[:4]) == []


def test_no_guidance_encodes_no_empty_prompt_and_prompts_are_encoded_once(pipe, tmp_path, monkeypatch):
    seen = []
    encode = type(pipe).encode_prompt

    def counted(self, prompt, *args, **kwargs):
        seen.extend(prompt or [])
        return encode(self, prompt, *args, **kwargs)

    monkeypatch.setattr(type(pipe), "encode_prompt", counted)
    generate(pipe, ROWS, tmp_path, **{**FAST, "guidance": 1.0})
    assert sorted(seen) == sorted({row.prompt for row in ROWS})


def test_the_pipeline_is_left_as_it_was(pipe, tmp_path):
    class Checker:
        def __call__(self, *_, **__):
            raise AssertionError("the safety checker must not run")

    before, pipe.safety_checker = pipe.scheduler, Checker()
    pipe.set_progress_bar_config(disable=False)
    try:
        generate(pipe, ROWS[:1], tmp_path, scheduler="dpm++", **FAST)
        assert pipe.scheduler is before
        assert isinstance(pipe.safety_checker, Checker)
        assert pipe._progress_bar_config == {"disable": False}
    finally:
        pipe.safety_checker = None
        pipe.set_progress_bar_config(disable=True)
    with pytest.raises(UserError, match="Did you mean 'ddim'"):
        generate(pipe, ROWS[:1], tmp_path, scheduler="ddmi", **FAST)


def test_long_prompts_are_said_once_in_a_line(pipe, tmp_path, caplog):
    rows = [Row("p0", "a dog", 0), Row("p1", "a red dog in a blue house " * 9, 0)]
    store = generate(pipe, rows, tmp_path, **FAST)
    said = [record.message for record in caplog.records]
    assert said == ["1 of 2 prompts are longer than 32 tokens; what comes after is ignored."]
    assert len(store.names()) == 2


def test_minors_are_never_drawn(pipe, tmp_path):
    store = generate(pipe, [Row("p0", "a dog", 0), Row("p1", "a small girl", 0)], tmp_path, **FAST)
    assert store.names() == {"p0_0"}


def test_rows_with_their_own_sampler_are_drawn_with_it(pipe, tmp_path):
    own = [
        Row("own", "a dog", 0, guidance=7.0, steps=3, width=24, height=16), Row("run", "a dog", 0),
        Row("free", "a dog", 0, guidance=1.0),
    ]  # fmt: skip
    store = generate(pipe, own, tmp_path / "mixed", batch_size=4, **FAST)
    assert store.load(["own_0"]).shape == (1, 3, 16, 24)
    for row, how in ((own[0], {"steps": 3, "guidance": 7.0}), (own[2], {"guidance": 1.0})):
        with torch.inference_mode():
            made = pipe(
                row.prompt, num_inference_steps=how.get("steps", 2), guidance_scale=how["guidance"], output_type="pt",
                generator=torch.Generator().manual_seed(0), width=row.width, height=row.height,
            ).images[0]  # fmt: skip
        found = store.load([row.name])[0]
        assert ((made * 255).round().int() - found.int()).abs().max() <= 1
    assert store.rows()["run_0"]["guidance"] == 4.0


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"steps": 0}, "Prompt 'p': steps must be at least 1"),
        ({"guidance": -2.0}, "Prompt 'p': guidance must be 0 or more"),
        ({"height": 12}, "Prompt 'p': size must be a positive multiple of 8"),
    ],
)
def test_a_rows_own_values_are_checked(pipe, tmp_path, own, said):
    with pytest.raises(UserError, match=said):
        generate(pipe, [Row("p", "a dog", 0, **own)], tmp_path, **FAST)


def test_the_same_name_for_another_prompt_is_refused(pipe, tmp_path):
    generate(pipe, [Row("p", "a dog", 0)], tmp_path, **FAST)
    with pytest.raises(UserError, match="drawn from other rows"):
        generate(pipe, [Row("p", "a cat", 0)], tmp_path, **FAST)

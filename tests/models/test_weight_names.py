"""Which of a component's files are read, by their names alone."""

import pytest

from erasepro.errors import UserError
from erasepro.models.weight_names import choose_entry, is_index, is_shard, is_weights, stem_of, variant_of

UNET = "diffusion_pytorch_model"


@pytest.mark.parametrize(
    ("name", "variant", "kind"),
    [
        ("model.safetensors", "", "weights"),
        ("model.fp16.safetensors", "fp16", "weights"),
        (f"{UNET}.non_ema.safetensors", "non_ema", "weights"),
        ("model-00001-of-00002.safetensors", "", "shard"),
        ("model.fp16-00001-of-00002.safetensors", "fp16", "shard"),
        ("model-00001-of-00002.fp16.safetensors", "fp16", "shard"),
        ("model.safetensors.index.json", "", "index"),
        ("model.safetensors.index.fp16.json", "fp16", "index"),
        (f"{UNET}.safetensors.fp16.index.json", "fp16", "index"),
        ("config.json", "", "other"),
        ("pytorch_model.bin.index.json", "", "other"),
        ("v1-5-pruned.safetensors", "", "other"),
    ],
)
def test_what_a_name_says(name, variant, kind):
    assert variant_of(name) == variant
    assert is_index(name) == (kind == "index")
    assert is_weights(name) == (kind in ("weights", "shard"))
    assert is_shard(name) == (kind == "shard")
    assert kind == "other" or stem_of(name) in ("model", UNET)


@pytest.mark.parametrize(
    ("names", "wanted", "elsewhere", "entry"),
    [
        ("model.safetensors model.fp16.safetensors", None, False, "model.safetensors"),
        ("model.safetensors model.fp16.safetensors", "fp16", False, "model.fp16.safetensors"),
        ("model.safetensors", "fp16", True, "model.safetensors"),
        ("model.fp16.safetensors", None, False, "model.fp16.safetensors"),
        ("model.safetensors.index.json one.safetensors", None, False, "model.safetensors.index.json"),
        (
            "model.safetensors.index.fp16.json model.fp16-00001-of-00001.safetensors", "fp16", False,
            "model.safetensors.index.fp16.json",
        ),
        (
            "model.safetensors.fp16.index.json model-00001-of-00001.fp16.safetensors model.safetensors", "fp16", False,
            "model.safetensors.fp16.index.json",
        ),
        (
            "model.safetensors.fp16.index.json model.safetensors.index.fp16.json", None, False,
            "model.safetensors.index.fp16.json",
        ),
        ("model.safetensors model.safetensors.index.json", None, False, "model.safetensors"),
        (f"{UNET}.safetensors {UNET}.safetensors.index.json", None, False, f"{UNET}.safetensors.index.json"),
    ],
)  # fmt: skip
def test_the_file_that_is_read(names, wanted, elsewhere, entry):
    assert choose_entry("unet", names.split(), wanted, elsewhere) == entry


@pytest.mark.parametrize(
    ("names", "wanted", "elsewhere", "said"),
    [
        ("model.safetensors", "fp16", False, r"No weights .*model\.fp16\.safetensors in 'unet'"),
        ("model.bf16.safetensors", "fp16", True, r"there: model\.bf16\.safetensors\): set model\.variant"),
        ("model.bf16.safetensors model.fp16.safetensors", None, False, r"set model\.variant to match"),
        ("model.fp16-00001-of-00002.safetensors", "fp16", False, "no index of them: fetch the model again"),
        ("lora.safetensors", None, False, r"there: lora\.safetensors"),
        ("pytorch_model.bin config.json", None, False, r"only pickled weights \(pytorch_model\.bin\)"),
        ("config.json", None, False, "'unet' holds no weights"),
        ("", "fp16", True, "'unet' holds no weights"),
    ],
)
def test_what_cannot_be_read_is_one_line(names, wanted, elsewhere, said):
    with pytest.raises(UserError, match=said) as caught:
        choose_entry("unet", names.split(), wanted, elsewhere)
    assert "\n" not in str(caught.value)


def test_a_long_list_is_cut():
    names = ["model.safetensors", *(f"model.fp16-{i:05}-of-00030.safetensors" for i in range(1, 31))]
    with pytest.raises(UserError, match=r"00004-of-00030\.safetensors and 27 more\)"):
        choose_entry("unet", names, "bf16", False)

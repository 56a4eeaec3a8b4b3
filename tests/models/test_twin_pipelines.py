"""Pipelines of the same weights that take a picture too, or draw films: the same sites, and the same edit."""

import inspect

import pytest

import erasepro
from erasepro.errors import UserError
from erasepro.models.architectures import architecture_of
from erasepro.models.computing import check_computing
from erasepro.models.sites import cross_attention_sites
from erasepro.models.tiny import tiny_pipeline
from tests.models.pipelines import build

TWINS = {
    "stable-diffusion": ["StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"],
    "sdxl": ["StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLInpaintPipeline"],
    "sd3": ["StableDiffusion3Img2ImgPipeline", "StableDiffusion3InpaintPipeline"],
    "flux": ["FluxImg2ImgPipeline", "FluxInpaintPipeline"],
    "cogvideox": ["CogVideoXVideoToVideoPipeline"],
    "wan": ["WanVideoToVideoPipeline"],
}


@pytest.mark.parametrize(("name", "twin"), [(name, twin) for name, twins in TWINS.items() for twin in twins])
def test_a_twin_that_takes_a_picture_has_the_same_sites(name, twin):
    import diffusers

    pipe = tiny_pipeline() if name == "stable-diffusion" else build(name)
    kind = getattr(diffusers, twin)
    assert inspect.getsource(kind.encode_prompt) == inspect.getsource(type(pipe).encode_prompt)
    parts = {key: part for key, part in pipe.components.items() if key in inspect.signature(kind).parameters}
    other = kind(**parts, **({"requires_safety_checker": False} if name == "stable-diffusion" else {}))
    assert architecture_of(other).name == architecture_of(pipe).name
    check_computing(other)
    assert cross_attention_sites(other) == cross_attention_sites(pipe)


def test_an_edit_of_stable_diffusion_is_one_of_animatediff():
    """The motion modules' own attention reads frames: it is no site."""
    from diffusers import AnimateDiffPipeline, DDIMScheduler, MotionAdapter

    pipe = tiny_pipeline(length=77)
    motion = MotionAdapter(
        block_out_channels=(16, 32), motion_layers_per_block=1, motion_norm_num_groups=8, motion_num_attention_heads=2
    )
    parts = {key: getattr(pipe, key) for key in ("vae", "text_encoder", "tokenizer")}
    films = AnimateDiffPipeline(unet=pipe.unet, motion_adapter=motion, scheduler=DDIMScheduler(), **parts)
    assert any("motion_modules" in path and path.endswith("attn2.to_k") for path, _ in films.unet.named_modules())
    assert {s.name for s in cross_attention_sites(films)} == {s.name for s in cross_attention_sites(pipe)}
    edit = erasepro.erase(pipe, {"dog": "cat"}, solver="uce")
    assert erasepro.erase(films, {"dog": "cat"}, solver="uce").hash == edit.hash
    edit.apply(films)


def test_an_inpainting_folder_can_be_edited_but_draws_nothing_from_text(tmp_path):
    from diffusers import StableDiffusionInpaintPipeline, UNet2DConditionModel

    pipe = tiny_pipeline(length=77)
    unet = UNet2DConditionModel.from_config({**pipe.unet.config, "in_channels": 9})
    parts = {key: getattr(pipe, key) for key in ("vae", "text_encoder", "tokenizer", "scheduler")}
    StableDiffusionInpaintPipeline(
        unet=unet, **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    ).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="cannot draw from a text alone: its U-Net takes 9 channels"):
        erasepro.load_model(str(tmp_path))
    assert erasepro.erase(str(tmp_path), {"dog": "cat"}, solver="uce").meta["model"]["architecture"] == "stable-diffusion"


def test_the_folder_of_a_twin_draws_from_text(tmp_path):
    from diffusers import StableDiffusionImg2ImgPipeline

    pipe = tiny_pipeline(length=77)
    StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False).save_pretrained(tmp_path)
    assert type(erasepro.load_model(str(tmp_path)).pipe).__name__ == "StableDiffusionPipeline"

"""The U-Net as trained methods see it, beside what the pipeline itself does."""

import pytest
import torch

from erasepro.errors import UserError
from erasepro.models.sites import parameter
from erasepro.models.tensor_hashes import weights_hash
from erasepro.solvers.training.denoiser import Denoiser, parameters_of
from tests.models.pipelines import flux, sdxl


@pytest.fixture(scope="module")
def denoiser(shared_model):
    return Denoiser(shared_model.pipe, 10)


def test_a_whole_drawing_is_the_pipelines_own(denoiser, shared_model):
    pipe = shared_model.pipe
    z = denoiser.start(2, torch.Generator().manual_seed(0))
    condition, blank = denoiser.condition(["a dog", "a cat"]), denoiser.condition([""])
    drawn = denoiser.draw_to(denoiser.frozen, z, condition, blank, 10, 3.0)
    kept = pipe.scheduler
    pipe.scheduler = denoiser.scheduler
    try:
        latents = pipe(["a dog", "a cat"], latents=z, num_inference_steps=10, guidance_scale=3.0, output_type="latent")[0]
    finally:
        pipe.scheduler = kept
    denoiser.scheduler.set_timesteps(10)
    assert torch.allclose(drawn, latents, atol=1e-5)
    assert torch.equal(denoiser.draw_to(denoiser.frozen, z, condition, blank, 0, 3.0), z)


def test_a_level_lies_between_its_step_and_the_one_before(denoiser):
    assert denoiser.times == sorted(denoiser.times, reverse=True)
    assert denoiser.times[-1] == 1
    for step in range(10):
        drawn = {denoiser.level(step, torch.Generator().manual_seed(i)) for i in range(60)}
        assert min(drawn) >= denoiser.times[step]
        assert max(drawn) < (denoiser.times[step - 1] if step else denoiser.levels)
        assert len(drawn) > 3


def test_a_velocity_is_read_as_the_noise_that_it_means(shared_model):
    denoiser = Denoiser(shared_model.pipe, 10)
    z, c = torch.randn(2, *denoiser.shape, generator=torch.Generator().manual_seed(1)), denoiser.condition(["a dog"])
    raw = denoiser.noise(denoiser.frozen, z, 40, c)
    denoiser.velocity = True
    a = denoiser.scheduler.alphas_cumprod[40]
    read = denoiser.noise(denoiser.frozen, z, 40, c)
    assert torch.allclose(read, a.sqrt() * raw + (1 - a).sqrt() * z)
    x = torch.randn_like(z)  # v = √ᾱ ε − √(1 − ᾱ) x of z = √ᾱ x + √(1 − ᾱ) ε gives ε back
    noise = torch.randn_like(z)
    z_t = denoiser.add_noise(x, noise, torch.tensor([40, 40]))
    denoiser._raw = lambda *_: a.sqrt() * noise - (1 - a).sqrt() * x
    assert torch.allclose(denoiser.noise(denoiser.frozen, z_t, torch.tensor([40, 40]), c), noise, atol=1e-5)


def test_a_copy_is_trained_and_the_pipeline_stays(shared_model):
    denoiser = Denoiser(shared_model.pipe, 10)
    network, chosen = denoiser.trainable_copy(lambda name: ".attn2." in name)
    assert {name for name, value in parameters_of(network).items() if value.requires_grad} == set(chosen)
    with torch.no_grad():
        for value in chosen.values():
            value.add_(1)
    assert weights_hash(shared_model.pipe) == shared_model.weights_hash


def test_names_are_those_of_an_edit(shared_model):
    pipe = shared_model.pipe
    named = parameters_of(pipe.unet)
    assert len(named) == len(list(pipe.unet.parameters()))
    assert all(parameter(pipe, name) is value for name, value in named.items())
    assert {"unet.conv_in.weight", "unet.conv_in.bias", "unet.time_embedding.linear_1"} <= named.keys()


def test_conditions_are_the_pipelines_own_for_sdxl():
    pipe = sdxl()
    denoiser = Denoiser(pipe, 4)
    z = denoiser.start(1, torch.Generator().manual_seed(0))
    drawn = denoiser.draw_to(denoiser.frozen, z, denoiser.condition(["a dog"]), denoiser.condition([""]), 4, 3.0)
    pipe.scheduler = denoiser.scheduler
    pipe.set_progress_bar_config(disable=True)
    latents = pipe(
        "a dog", latents=z, num_inference_steps=4, guidance_scale=3.0, output_type="latent",
        height=denoiser.pixels, width=denoiser.pixels,
    )[0]  # fmt: skip
    assert torch.allclose(drawn, latents, atol=1e-4)


def test_what_cannot_be_trained_is_refused(shared_model):
    with pytest.raises(UserError, match="sampling_steps must be below 100"):
        Denoiser(shared_model.pipe, 100)
    with pytest.raises(UserError, match=r"need the U-Net of Stable Diffusion.*flux"):
        Denoiser(flux(), 4)

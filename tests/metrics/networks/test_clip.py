"""CLIP judges: the same features as the packages' own pipelines, from files only, and errors of one line."""

import json

import clip
import pytest
import torch
from clip.model import CLIP
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional as F

from erasepro.config.schema import JudgeConfig
from erasepro.errors import UserError
from erasepro.generation.worklist import Row
from erasepro.metrics.engine.base import Batch
from erasepro.metrics.engine.build import build_metrics, metric_configs
from erasepro.metrics.networks.clip import preprocess
from erasepro.metrics.networks.judges import build_judge, published_hashes

CONCEPTS, STYLES = ["dog", "cat", "pear"], ["ink", "monet"]
SIZES = [(40, 52), (32, 32), (97, 33)]


def pictures(height=40, width=52, n=3):
    draw = torch.Generator().manual_seed(height)
    return torch.randint(0, 256, (n, 3, height, width), dtype=torch.uint8, generator=draw)


@pytest.fixture(scope="module")
def openai(tmp_path_factory):
    """A small CLIP of OpenAI's class, and a safetensors file of it."""
    torch.manual_seed(0)
    model = CLIP(32, 32, 2, 64, 16, 77, 49408, 64, 1, 2).eval()
    path = tmp_path_factory.mktemp("clip") / "small.safetensors"
    save_file({k: v.half().float().contiguous() for k, v in model.state_dict().items()}, str(path))
    model.load_state_dict({k: v.half().float() for k, v in model.state_dict().items()})
    return model, path


@pytest.fixture(scope="module")
def judge(openai):
    return build_judge(JudgeConfig("openai_clip", source=str(openai[1])), lambda: None, CONCEPTS, STYLES)


@pytest.mark.parametrize("size", SIZES)
def test_openai_features_are_those_of_the_packages_own_preprocess(openai, judge, size):
    model, own = openai[0], clip.clip._transform(32)
    images = pictures(*size)
    pixels = torch.stack([own(Image.fromarray(x.permute(1, 2, 0).numpy())) for x in images])
    assert torch.allclose(preprocess(images, 32), pixels, atol=1e-6)
    with torch.no_grad():
        wanted = F.normalize(model.encode_image(pixels), dim=-1)
        texts = F.normalize(model.encode_text(clip.tokenize(["a photo of a dog", "a pear"])), dim=-1)
    assert torch.allclose(judge.image_features(images), wanted, atol=1e-5)
    assert torch.allclose(judge.text_features(["a photo of a dog", "a pear"]), texts, atol=1e-5)
    assert torch.allclose(F.normalize(judge.fd_features(images), dim=-1), wanted, atol=1e-5)


def test_the_prediction_is_zero_shot_with_the_models_scale(openai, judge):
    model = openai[0]
    images = pictures()
    with torch.no_grad():
        sentences = clip.tokenize([f"a photo of {name}" for name in CONCEPTS])
        wanted = model(preprocess(images, 32), sentences)[0].softmax(-1)
    found = judge.predict(judge.image_features(images))
    assert torch.allclose(found.concept_prob, wanted, atol=1e-5)
    assert found.concept == [CONCEPTS[i] for i in wanted.argmax(-1)]
    assert set(found.style) <= set(STYLES)
    assert found.concepts == CONCEPTS


def test_classes_may_be_given_and_long_texts_are_cut(openai):
    cfg = JudgeConfig("openai_clip", source=str(openai[1]), classes=["a", "b"])
    judge = build_judge(cfg, lambda: None, CONCEPTS, [])
    found = judge.predict(judge.image_features(pictures()))
    assert found.concepts == ["a", "b"]
    assert found.style == [None] * 3
    assert judge.text_features(["word " * 200]).shape == (1, 32)


def test_the_key_names_the_weights(openai, judge, tmp_path):
    same = build_judge(JudgeConfig("openai_clip", source=str(openai[1])), lambda: None, ["x"], [])
    assert same.key == judge.key
    state = openai[0].state_dict()
    save_file(
        {**{k: v.contiguous() for k, v in state.items()}, "logit_scale": torch.tensor(1.0)}, tmp_path / "o.safetensors"
    )
    other = build_judge(JudgeConfig("openai_clip", source=str(tmp_path / "o.safetensors")), lambda: None, [], [])
    assert other.key != judge.key


@pytest.fixture(scope="module")
def transformers_folder(tmp_path_factory):
    from clip.simple_tokenizer import SimpleTokenizer, bytes_to_unicode
    from transformers import CLIPConfig, CLIPModel

    folder = tmp_path_factory.mktemp("hf")
    torch.manual_seed(1)
    text = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = {**text, "image_size": 32, "patch_size": 16}
    config = CLIPConfig(
        text_config={**text, "eos_token_id": 49407, "bos_token_id": 49406}, vision_config=vision, projection_dim=24
    )
    CLIPModel(config).save_pretrained(folder)
    own = SimpleTokenizer()
    merges = [" ".join(pair) for pair in own.bpe_ranks]
    letters = list(bytes_to_unicode().values())
    vocab = [
        *letters,
        *(c + "</w>" for c in letters),
        *("".join(m.split()) for m in merges),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(vocab)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 77})
    )
    return folder


def test_transformers_features_are_those_of_its_own_classes(transformers_folder):
    from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer

    cfg = JudgeConfig("transformers_clip", source=str(transformers_folder))
    judge = build_judge(cfg, lambda: None, CONCEPTS, STYLES)
    model, tokenizer = (
        CLIPModel.from_pretrained(transformers_folder).eval(),
        CLIPTokenizer.from_pretrained(transformers_folder),
    )
    images, texts = pictures(), ["a photo of dog", "a photo of cat", "a photo of pear"]
    processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    pixels = processor([x.permute(1, 2, 0).numpy() for x in images], return_tensors="pt").pixel_values
    with torch.no_grad():
        out = model(**tokenizer(texts, padding=True, return_tensors="pt"), pixel_values=pixels)
    assert torch.allclose(
        judge.image_features(images), out.image_embeds, atol=2e-3
    )  # its resize is torchvision's, ours PIL's
    assert torch.allclose(judge.text_features(texts), out.text_embeds, atol=1e-5)
    assert torch.allclose(judge.predict(out.image_embeds).concept_prob, out.logits_per_image.softmax(-1), atol=1e-5)


def test_the_clip_metrics_count_by_hand(judge):
    images = pictures()
    rows = [
        Row(f"p{i}", f"a photo of a {c}", 0, c, "target", "plain", "cat") for i, c in enumerate(["dog", "pear", "dog"])
    ]
    names = ["clip_score", "clip_accuracy_pairwise", "clip_accuracy_top1", "clip_probability"]
    metrics = build_metrics(names, metric_configs({"clip_score": {"scale": 2.5, "role": "target"}}))
    for metric in metrics.values():
        metric.update(Batch(images, rows, judge))
    seen = judge.image_features(images)
    cosines = (seen * judge.text_features([row.prompt for row in rows])).sum(-1)
    score = metrics["clip_score"].compute()
    assert score.value == pytest.approx(2.5 * cosines.clamp_min(0).mean().item(), abs=1e-6)
    assert (score.n, score.higher_is_better, score.parts["unit"]) == (3, False, "2.5·cos")
    assert score.stderr == pytest.approx((2.5 * cosines.clamp_min(0)).double().std().item() / 3**0.5, abs=1e-6)
    target, anchor = (
        judge.text_features([f"A photo depicts {c}" for c in cs]) for cs in (["dog", "pear", "dog"], ["cat"] * 3)
    )
    nearer = ((seen * target).sum(-1).clamp_min(0) > (seen * anchor).sum(-1).clamp_min(0)).float().mean().item()
    assert metrics["clip_accuracy_pairwise"].compute().value == pytest.approx(nearer)
    prediction = judge.predict(seen)
    hits = [a == row.concept for a, row in zip(prediction.concept, rows, strict=True)]
    assert metrics["clip_accuracy_top1"].compute().value == pytest.approx(sum(hits) / 3)
    own = [prediction.concept_prob[i, CONCEPTS.index(row.concept)].item() for i, row in enumerate(rows)]
    assert metrics["clip_probability"].compute().value == pytest.approx(sum(own) / 3)


def test_clip_fd_is_scipys_frechet_distance(judge):
    import numpy as np
    from scipy import linalg

    sets = [pictures(33, 33, n=80), pictures(34, 34, n=80)]
    metric = build_metrics(["clip_fd"], metric_configs({"clip_fd": {"roles": []}}))["clip_fd"]
    rows = [Row(f"k{i}", "x", 0, role="retain") for i in range(80)]
    metric.update(Batch(sets[0], rows, judge), reference=True)
    metric.update(Batch(sets[1], rows, judge))
    a, b = (judge.fd_features(images).double().numpy() for images in sets)
    s1, s2 = np.cov(a.T), np.cov(b.T)
    root = linalg.sqrtm(s1 @ s2)
    wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s1 + s2 - 2 * np.real(root))
    score = metric.compute()
    assert score.value == pytest.approx(wanted, rel=1e-4)
    assert (score.n, score.parts["n_reference"]) == (80, 80)
    assert score.stderr is not None


def test_a_run_is_judged_by_a_clip_file(openai, tmp_path, monkeypatch, capsys):
    from erasepro.cli.main import main
    from erasepro.results.results_json import Results
    from erasepro.results.samples import read_samples

    monkeypatch.chdir(tmp_path)
    words = ["debug=tiny", "metrics=clip", f"metrics.judge.source={openai[1]}", "outputs.progress=false"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "clip_score (100·cos) ↑" in out
    (run,) = tmp_path.glob("outputs/tiny-*")
    results = Results.load(run / "results.json")
    assert [one.metric for one in results.scores] == [
        "clip_accuracy_pairwise", "clip_accuracy_top1", "clip_score", "clip_fd"
    ]  # fmt: skip
    assert results.scores[0].judge.startswith("openai_clip ViT-B/32")
    assert {sample["prediction"] for sample in read_samples(run)} <= set(results.config["concepts"]["pairs"][0]) | {
        row["concept"] for row in read_samples(run)
    }
    assert main([*words[:-1], "outputs.progress=false"]) == 0
    assert "Done before" in capsys.readouterr().out


def test_the_published_hashes_are_those_of_the_addresses():
    found = published_hashes()
    assert found["ViT-B/32"] == "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"
    assert all(len(value) == 64 for value in found.values())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "clip"}, "Unknown value of metrics.judge.kind 'clip'"),
        ({"kind": "openai_clip", "name": "ViT-B/23", "source": None}, "Did you mean 'ViT-B/32'"),
        ({"kind": "openai_clip", "source": "nowhere.pt"}, "no file 'nowhere.pt'"),
        ({"kind": "openai_clip", "template": "a photo"}, "metrics.judge.template must contain {c}"),
        ({"kind": "transformers_clip"}, "give a folder in transformers' layout or a hub id"),
        ({"kind": "transformers_clip", "source": "no/such"}, "cannot be read as a CLIP of transformers"),
        ({"kind": "openai_clip", "device": "tpu"}, "metrics.judge.device"),
    ],
)
def test_a_mistake_is_one_line(given, said):
    with pytest.raises(UserError) as told:
        build_judge(JudgeConfig(**given), lambda: None, CONCEPTS, STYLES)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_files_that_are_no_clip_or_not_pinned_are_refused(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "a.safetensors")
    torch.save({"a": torch.zeros(2)}, tmp_path / "a.pt")
    for name, said in (("a.safetensors", "holds no OpenAI CLIP"), ("a.pt", "is of no published file that is known")):
        with pytest.raises(UserError, match=said):
            build_judge(JudgeConfig("openai_clip", source=str(tmp_path / name)), lambda: None, [], [])


def test_without_network_a_published_name_says_what_to_do(monkeypatch, tmp_path):
    import urllib.error

    def dead(*_):
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("clip.clip._download", dead)
    with pytest.raises(UserError, match=r"Cannot download OpenAI's CLIP ViT-B/32 .*metrics\.judge\.source=FILE"):
        build_judge(JudgeConfig("openai_clip"), lambda: None, [], [])

"""`python -m erasepro.recipes.miniature WORK`: fetch the pictures, train every part, judge, export.

Every part resumes from its checkpoint in WORK (outside git) and is skipped once done, so the recipe can be run in pieces:
`--only PART`. Two cores: run `--only decoder` beside `--only text`, then `--only unet` beside the rest.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from erasepro.errors import UserError
from erasepro.recipes.miniature import judge, text, unet, vae
from erasepro.recipes.miniature.accept import feature_scale, report
from erasepro.recipes.miniature.export import export
from erasepro.recipes.miniature.latents import make_bank
from erasepro.recipes.miniature.samples import EARLY, decoded, early

PARTS = ("text", "decoder", "encoder", "unet", "tuned", "judge", "features", "export", "accept")
STEPS = {"text": 1300, "decoder": 10500, "encoder": 800, "unet": 12000, "tuned": 3000, "judge": 2600, "features": 900}


def pools(work: Path) -> dict[str, torch.Tensor]:
    """What the judge and the feature network train on besides fresh pictures."""
    images, labels = decoded(work)
    return {"decoded": images, "labels": labels, "early": early(work, EARLY["train"], 240, seed=51)}


def run(part: str, work: Path, processes: int) -> None:
    """Train, export or judge one part."""
    if part == "text":
        text.train(work, steps=STEPS[part])
    elif part == "decoder":
        vae.train_decoder(work, steps=STEPS[part])
    elif part == "encoder":
        vae.train_encoder(work, steps=STEPS[part])
    elif part in unet.PHASES:
        make_bank(work, **unet.PHASES[part].bank)
        if processes == 1:
            unet.worker(0, 1, work, STEPS[part], part)
        else:
            torch.multiprocessing.spawn(unet.worker, args=(processes, work, STEPS[part], part), nprocs=processes)
    elif part == "judge":
        pool = pools(work)
        judge.train_clip(
            work, steps=STEPS[part], decoded=pool["decoded"], labels=pool["labels"], early=pool["early"]
        )
    elif part == "features":
        pool = pools(work)
        judge.train_features(work, steps=STEPS[part], decoded=pool["decoded"], labels=pool["labels"])
    elif part == "export":
        export(work, feature_scale(work))
    else:
        print(report(work))


def main() -> int:
    """Train the parts of the miniature that are not done, or report on them. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m erasepro.recipes.miniature", description=__doc__)
    parser.add_argument("work", type=Path, help="folder for pictures, checkpoints and logs (outside git)")
    parser.add_argument("--only", choices=PARTS, help="one part; default: all that are not done")
    parser.add_argument(
        "--processes", type=int, default=1, help="one-thread processes that share a step of the denoiser"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    try:
        for part in [options.only] if options.only else PARTS:
            if not (options.work / part / "final.safetensors").exists():
                run(part, options.work, options.processes)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

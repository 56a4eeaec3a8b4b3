"""One training loop for every part: seeded per step, checkpointed in safetensors, resumed where it stopped, with an EMA."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from erasepro.runtime.files import replacing, write_text

Step = Callable[[int], tuple[torch.Tensor, dict[str, float]]]


def learning_rate(step: int, steps: int, peak: float, warmup: int = 100) -> float:
    """Linear warm-up, then a cosine down to 2 % of the peak."""
    if step < warmup:
        return peak * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


class Loop:
    """Trains `model` for `steps` steps and leaves its moving average in `folder`/final.safetensors."""

    def __init__(
        self,
        name: str,
        model: nn.Module,
        folder: Path,
        *,
        steps: int,
        peak: float,
        decay: float = 0.995,
        weight_decay: float = 0.01,
        every: float = 120.0,
        rank: int = 0,
        snapshots: tuple[int, ...] = (),
    ) -> None:
        self.name, self.model, self.folder, self.steps, self.peak = name, model, folder / name, steps, peak
        self.every, self.decay, self.rank, self.snapshots = every, decay, rank, snapshots
        self.folder.mkdir(parents=True, exist_ok=True)
        self.params = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.params, lr=peak, betas=(0.9, 0.99), weight_decay=weight_decay)
        self.ema = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.step, self.seconds = 0, 0.0
        self._resume()

    @property
    def final(self) -> Path:
        """The file that the moving average is left in once training has ended."""
        return self.folder / "final.safetensors"

    def run(self, loss_at: Step, after_backward: Callable[[], None] | None = None) -> None:
        """`loss_at(step)` gives the loss and figures to print; `after_backward` may average gradients over processes."""
        last_save = last = time.time()
        sums: dict[str, float] = {}
        count = 0
        while self.step < self.steps:
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.step, self.steps, self.peak)
            loss, figures = loss_at(self.step)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if after_backward is not None:
                after_backward()
            nn.utils.clip_grad_norm_(self.params, 1.0)
            self.optimizer.step()
            self.step += 1
            self._average()
            for key, value in figures.items():
                sums[key] = sums.get(key, 0.0) + value
            count += 1
            now = time.time()
            self.seconds += now - last
            last = now
            if self.rank == 0 and (count == 50 or self.step == self.steps):
                shown = "  ".join(f"{k} {v / count:.4f}" for k, v in sums.items())
                print(f"{self.name} {self.step}/{self.steps}  {self.seconds:.0f} s  {shown}", flush=True)
                sums, count = {}, 0
            if self.rank == 0 and self.step in self.snapshots:
                _write(self.folder / f"step_{self.step}.safetensors", self.ema)
            if self.rank == 0 and (now - last_save > self.every or self.step == self.steps):
                self._save()
                last_save = time.time()
                last = time.time()
        if self.rank == 0 and not self.final.exists():
            _write(self.final, self.ema)

    def _average(self) -> None:
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for key, value in self.model.state_dict().items():
                if value.is_floating_point():
                    self.ema[key].lerp_(value, 1 - decay)
                else:
                    self.ema[key].copy_(value)

    def _save(self) -> None:
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"ema.{k}": v for k, v in self.ema.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"opt.{index}.{k}": torch.as_tensor(v) for k, v in state.items()}
        meta = {"step": str(self.step), "seconds": str(self.seconds)}
        _write(self.folder / "last.safetensors", tensors, meta)
        write_text(self.folder / "progress.json", json.dumps({**meta, "steps": self.steps}))

    def _resume(self) -> None:
        file = self.folder / "last.safetensors"
        if not file.exists():
            return
        from safetensors import safe_open

        with safe_open(str(file), framework="pt") as handle:
            meta = handle.metadata()
        tensors = load_file(str(file))
        self.model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
        self.ema = {k[4:]: v for k, v in tensors.items() if k.startswith("ema.")}
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("opt."):
                _, index, name = key.split(".", 2)
                state.setdefault(int(index), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        self.step, self.seconds = int(meta["step"]), float(meta["seconds"])
        print(f"{self.name}: resumed at step {self.step}/{self.steps}", flush=True)


def _write(file: Path, tensors: dict[str, torch.Tensor], meta: dict[str, str] | None = None) -> None:
    with replacing(file) as temporary:
        save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, str(temporary), metadata=meta)

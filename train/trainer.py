"""The loop: steps, checkpoints, validation, progress.

A step's loss is the mean over all its tokens, or responses (`loss_per`), however it is cut into forward passes and processes.
Nothing in training is random but the order of the data, which the seed decides, so a resumed training is the
uninterrupted one.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from balsa_data.errors import InputError
from balsa_data.train.batch import Batch, steps
from balsa_data.train.config import TrainConfig, load_config
from balsa_data.train.data import Reader, backbone_id, mismatch
from balsa_data.train.model import WEIGHTS, AudioLM
from balsa_data.train.prefetch import prefetched
from balsa_data.train.progress import Progress
from balsa_data.train.rows import Rows, open_rows
from balsa_data.train.warmstart import warm_start

__all__ = ["Trainer", "train"]

BETAS = (0.9, 0.98)  # DeSTA2.5-Audio's


def train(config: TrainConfig | str | Path, *, say: Callable[[str], None] | None = None) -> Path:
    """Train an audio-aware language model, or go on training it where it was interrupted.

    Args:
        config: A training run, or the path of its YAML file.
        say: Where progress goes, a line at a time; None shows it on the terminal.

    Returns:
        The folder with the trained weights, the config and their provenance.

    Raises:
        InputError: The config, the dataset or the parts do not fit together.
    """
    config = config if isinstance(config, TrainConfig) else load_config(config)
    return Trainer(config, say=say).run()


class Trainer:
    """One training run in its folder.

    Args:
        config: The run.
        say: Where progress goes, a line at a time; None shows it on the terminal.
    """

    def __init__(self, config: TrainConfig, *, say: Callable[[str], None] | None = None) -> None:
        self.config, self.out = config, Path(config.out)
        self._refuse_other_config()
        self.accelerator = Accelerator()
        self.rows = Rows(open_rows(config.dataset, config.split, streaming=config.streaming), config.dataset)
        ours = config.backbone_name or config.backbone
        for theirs in () if config.any_backbone else self.rows.backbones():
            if backbone_id(theirs) != backbone_id(ours):
                raise InputError(mismatch(theirs, ours))
        model = AudioLM(config)
        folder = Path(config.dataset)
        a_run = (folder / "journal.db").is_file()  # whose paths are told as seen from here
        root = config.audio_root or (folder if folder.is_dir() and not a_run else ".")
        self.reader = Reader(
            model.chat,
            model.encoder,
            config.queries,
            config.max_tokens,
            Path(root),
            None if config.any_backbone else ours,
        )
        if config.start is not None:
            model.restore(Path(config.start) / WEIGHTS)
        elif not self._checkpoints():
            draws = self.rows.draws(config.stages[0].tasks, [config.seed, 0])  # in every process the same
            seen = self.reader.examples(islice(draws, config.warm_start), {}, lambda _: None)
            warm_start(model, (example for _, example in seen))
        optimizer = torch.optim.AdamW(
            model.trainable.values(), lr=config.learning_rate, betas=BETAS, weight_decay=config.weight_decay
        )
        self.model, self.optimizer = self.accelerator.prepare(model, optimizer)
        self.step, self.draws, self.seen = 0, 0, Counter[str]()
        self.best, self.worse = float("inf"), 0
        self.left_out: dict[str, str] = {}
        self.progress = Progress(config.steps, say, quiet=not self.accelerator.is_main_process)
        self.held_out = self._validation_batches() if config.validation else []

    def run(self) -> Path:
        """Train to the end of the last stage, or until validation stops improving."""
        self._resume()
        with self.progress, ExitStack() as running:
            first = 0
            for number, stage in enumerate(self.config.stages):
                end = first + stage.steps
                if self.step < end and not self.stopped:
                    batches = running.enter_context(prefetched(self._batches(number)))
                    while self.step < end and not self.stopped:
                        self._advance(next(batches), last=self.step + 1 == end)
                    running.pop_all().close()
                    self.draws = 0
                first = end
        if self.config.validation is None:
            self._save()
        self._checkpoint()
        return self.out

    @property
    def stopped(self) -> bool:
        """Whether validation has not improved for `patience` times."""
        return self.config.patience is not None and self.worse >= self.config.patience

    def _advance(self, batches: list[Batch], *, last: bool) -> None:
        began = time.perf_counter()
        rate = self.config.learning_rate * self.config.rate(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, tokens = self._loss_and_gradient(batches)
        norm = self.accelerator.clip_grad_norm_(
            self.accelerator.unwrap_model(self.model).trainable.values(), self.config.clip_norm
        )
        if not torch.isfinite(torch.tensor(loss)):
            raise InputError(f"the loss of step {self.step + 1} is {loss}: lower learning_rate or use precision: fp32")
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        self.draws = 0 if last else batches[-1].draws
        for batch in batches:
            self.seen.update(batch.tasks)
        samples = sum(len(batch.ids) for batch in batches) * self.accelerator.num_processes
        self._log(
            {
                "step": self.step,
                "loss": loss,
                "rate": rate,
                "norm": float(norm),
                "tokens": tokens,
                "samples": samples,
                "seconds": round(time.perf_counter() - began, 4),
            }
        )
        if self.held_out and (self.step % self.config.validate_every == 0 or self.step == self.config.steps):
            self._validate()
        if self.step % self.config.checkpoint_every == 0 or self.stopped:
            self._checkpoint()

    def _loss_and_gradient(self, batches: list[Batch]) -> tuple[float, int]:
        """Backpropagate a step's mean loss; return it and the number of tokens, over all processes."""
        device, world = self.accelerator.device, self.accelerator.num_processes
        counts = torch.tensor([sum(map(self._counted, batches)), sum(b.supervised for b in batches)], device=device)
        counted, tokens = self.accelerator.reduce(counts, "sum").tolist()
        total = torch.zeros((), device=device)
        for number, batch in enumerate(batches, 1):
            last = number == len(batches)
            with nullcontext() if last else self.accelerator.no_sync(self.model):
                loss = self._summed(self.model, batch) / counted
                self.accelerator.backward(loss * world)  # processes' gradients are averaged
            total += loss.detach()
        return float(self.accelerator.reduce(total, "sum")), tokens

    def _counted(self, batch: Batch) -> int:
        """Return how many tokens, or responses, a batch's loss is a sum over."""
        return batch.supervised if self.config.loss_per == "token" else len(batch.ids)

    def _summed(self, model: Any, batch: Batch) -> Tensor:
        batch = batch.to(self.accelerator.device)
        losses: Tensor = model(batch)  # (rows,)
        return (losses if self.config.loss_per == "token" else losses / batch.lengths).sum()

    @torch.no_grad()
    def _validate(self) -> None:
        device, model = self.accelerator.device, self.accelerator.unwrap_model(self.model)
        sums = torch.zeros(2, device=device)
        for batch in self.held_out:
            sums += torch.stack([self._summed(model, batch), torch.tensor(float(self._counted(batch)), device=device)])
        total, counted = self.accelerator.reduce(sums, "sum").tolist()
        loss = total / counted
        self._log({"step": self.step, "validation_loss": loss})
        if loss < self.best:
            self.best, self.worse = loss, 0
            self._save()
        else:
            self.worse += 1

    def _batches(self, stage: int) -> Iterator[list[Batch]]:
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        draws = self.rows.draws(self.config.stages[stage].tasks, [self.config.seed, stage])
        mine = islice(draws, rank + self.draws * world, None, world)
        examples = self.reader.examples(mine, self.left_out, self.progress.say)
        return steps(examples, self.config.batch_size, self.config.accumulate, self.draws)

    def _validation_batches(self) -> list[Batch]:
        assert self.config.validation is not None
        rows = open_rows(self.config.dataset, self.config.validation, streaming=self.config.streaming)
        mine = islice(rows, self.accelerator.process_index, None, self.accelerator.num_processes)
        fetch = ((lambda row=row: row) for row in mine)
        examples = self.reader.examples(fetch, self.left_out, self.progress.say)
        found = [batch for group in steps(examples, self.config.batch_size, 1) for batch in group]
        if not found:
            raise InputError(
                f"no row of the split {self.config.validation!r} of {self.config.dataset} can be used: name another as validation"
            )
        return found

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            self.accelerator.unwrap_model(self.model).save(self.out, self._provenance())

    def _provenance(self) -> dict[str, Any]:
        return {
            "dataset": self.config.dataset,
            "split": self.config.split,
            "rows": None if self.rows.streaming else len(self.rows.tasks),
            "tasks": dict(sorted(Counter(self.rows.tasks).items())),
            "backbones": dict(sorted(self.rows.backbones().items())),
            "steps": self.step,
            "samples_by_task": dict(sorted(self.seen.items())),  # of this process
            "left_out": {"rows": len(self.left_out), "first": dict(islice(self.left_out.items(), 100))},
            "versions": {name: version(name) for name in ("torch", "transformers", "peft", "accelerate")},
        }

    def _checkpoint(self) -> None:
        """Write what an interrupted training goes on from; the one before is removed once this one is whole."""
        where = [0] * self.accelerator.num_processes
        where[self.accelerator.process_index] = self.draws
        draws = self.accelerator.reduce(torch.tensor(where, device=self.accelerator.device), "sum").tolist()
        if not self.accelerator.is_main_process:
            return
        folder, partial = self.out / f"checkpoint-{self.step}", self.out / "checkpoint.partial"
        shutil.rmtree(partial, ignore_errors=True)
        self.accelerator.unwrap_model(self.model).save(partial, self._provenance())
        state = {
            "step": self.step,
            "draws": draws,
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "worse": self.worse,
            "seen": dict(self.seen),
            "left_out": self.left_out,
        }
        torch.save(state, partial / "state.pt")
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
        for other in self._checkpoints():
            if other != folder:
                shutil.rmtree(other)

    def _resume(self) -> None:
        found = self._checkpoints()
        if not found:
            return
        self.accelerator.unwrap_model(self.model).restore(found[-1] / WEIGHTS)
        state = torch.load(found[-1] / "state.pt", map_location=self.accelerator.device, weights_only=True)
        if len(state["draws"]) != self.accelerator.num_processes:
            raise InputError(
                f"{self.out} was trained by {len(state['draws'])} processes: go on with as many, or use another out"
            )
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.best, self.worse = state["step"], state["best"], state["worse"]
        self.draws = state["draws"][self.accelerator.process_index]
        self.seen, self.left_out = Counter(state["seen"]), state["left_out"]
        self.progress.start(self.step)
        log = self.out / "metrics.jsonl"
        if self.accelerator.is_main_process and log.is_file():  # steps after the checkpoint are made again
            lines = log.read_text("utf-8").splitlines(keepends=True)
            log.write_text("".join(line for line in lines if json.loads(line)["step"] <= self.step), "utf-8")

    def _checkpoints(self) -> list[Path]:
        return sorted(self.out.glob("checkpoint-*"), key=lambda p: int(p.name.removeprefix("checkpoint-")))

    def _refuse_other_config(self) -> None:
        checkpoints = self._checkpoints()
        if not checkpoints:
            return
        theirs = json.loads((checkpoints[-1] / "config.json").read_text("utf-8"))
        ours = self.config.model_dump(mode="json")
        if changed := sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)):
            raise InputError(f"{self.out} was trained with another {', '.join(changed)}: use another out, or remove it")

    def _log(self, record: dict[str, Any]) -> None:
        if self.accelerator.is_main_process:
            self.out.mkdir(parents=True, exist_ok=True)
            with (self.out / "metrics.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        self.progress.show(record)

"""The model: frozen encoder, trained connector, frozen backbone, joined at the embeddings."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any, Self

import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache, DynamicLayer

from balsa_data.errors import InputError
from balsa_data.schemas import problems
from balsa_data.train import connector
from balsa_data.train.attention import END_TO_END, mask_of_rows
from balsa_data.train.batch import IGNORE, Batch, Example, collate
from balsa_data.train.chat import AUDIO, Chat
from balsa_data.train.config import TrainConfig
from balsa_data.train.encoder import Encoder, Sound, Source, load_part

__all__ = ["AudioLM", "ask", "precision"]

WEIGHTS, CONFIG, PROVENANCE = "model.safetensors", "config.json", "provenance.json"


class AudioLM(nn.Module):
    """An audio-aware language model.

    Only the connector is trained, and LoRA in the backbone where the config asks for it. Nothing in it is random while
    training, and the loss of a sample does not depend on the samples beside it.

    Args:
        config: Names the parts.

    Raises:
        InputError: A part cannot be loaded.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.config = config
        dtype = precision(config.precision)
        self.encoder = Encoder(
            config.encoder,
            config.encoder_layers,
            dtype=dtype,
            cache=config.feature_cache,
            max_seconds=config.max_seconds,
        )
        self.chat = Chat(load_part(AutoTokenizer, config.backbone, "tokenizer"), config.system)
        attention = config.attention or (None if torch.accelerator.is_available() else "eager")
        self.backbone: Any = load_part(
            AutoModelForCausalLM, config.backbone, "backbone", dtype=dtype, attn_implementation=attention
        )
        if config.attention is None and attention == "eager":
            self.backbone.set_attn_implementation(END_TO_END)
        self.backbone.requires_grad_(False)
        # transformers 5.24's name, and the one before
        self._cached = "cache" if "cache" in signature(self.backbone.forward).parameters else "past_key_values"
        embeddings = self.backbone.get_input_embeddings().weight
        heads = int(self.encoder.whisper.config.encoder_attention_heads)
        torch.manual_seed(config.seed)
        self.connector = connector.build(
            config.connector,
            len(self.encoder.layers),
            self.encoder.width,
            config.queries,
            embeddings.shape[1],
            float(embeddings.float().std()),
            depth=config.qformer_layers,
            heads=heads,
        )
        if config.lora_rank:
            from peft import LoraConfig, get_peft_model

            lora = LoraConfig(
                task_type="CAUSAL_LM",
                r=config.lora_rank,
                lora_alpha=config.lora_rank * config.lora_scale,
                lora_dropout=0.0,
                target_modules="all-linear",
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # peft 0.21 asks transformers 5 by a name it gives up
                self.backbone = get_peft_model(self.backbone, lora)
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Set the connector's mode; encoder and backbone never drop anything out."""
        super().train(mode)
        self.encoder.eval()
        self.backbone.eval()
        return self

    @property
    def trainable(self) -> dict[str, nn.Parameter]:
        """The parameters that are trained, by name."""
        return {name: parameter for name, parameter in self.named_parameters() if parameter.requires_grad}

    def forward(self, batch: Batch) -> Tensor:
        """Return each row's summed cross-entropy over its response, shape (rows,)."""
        prefix = self._prefix(batch)
        logits, targets, row = (self._end_to_end if self._packs(prefix) else self._side_by_side)(batch, prefix)
        loss = nn.functional.cross_entropy(logits.float(), targets, reduction="none", ignore_index=IGNORE)  # (kept,)
        return loss.new_zeros(len(batch.ids)).index_add(0, row, loss)

    @torch.no_grad()
    def respond(self, examples: Sequence[Example], max_new_tokens: int = 256) -> list[str]:
        """Return the backbone's most likely responses to requests (examples with no response), all in one batch."""
        batch = collate(examples, left=True).to(self.device)
        cache = self._prefix(batch)
        cache.batch_repeat_interleave(len(batch.ids))
        logits = self._padded_logits(batch, cache, 1)[:, -1]  # (rows, vocabulary)
        mask, position = batch.mask, len(batch.prefix) + batch.mask.sum(dim=1)
        stop = self._stop().to(self.device)
        done = torch.zeros(len(examples), dtype=torch.bool, device=self.device)
        written: list[Tensor] = []
        while True:
            token = logits.argmax(dim=-1)
            done |= torch.isin(token, stop)
            written.append(torch.where(done, -1, token))
            if done.all() or len(written) == max_new_tokens:
                break
            mask = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
            output = self.backbone(
                input_ids=token[:, None],
                attention_mask=self._full_mask(mask, len(batch.prefix)),
                position_ids=position[:, None],
                **{self._cached: cache},
            )
            logits, position = output.logits[:, -1], position + 1
        rows = torch.stack(written, dim=1).tolist()
        return [self.chat.tokenizer.decode([t for t in row if t >= 0], skip_special_tokens=True) for row in rows]

    def generate(self, audios: Sequence[Source], prompt: str, *, max_new_tokens: int = 256) -> str:
        """Return the response to a prompt over any number of clips, or over none.

        Args:
            audios: Paths, URIs or bytes of audio files, in the order the prompt speaks of them.
            prompt: The instruction.
            max_new_tokens: The response's longest.

        Raises:
            InputError: A clip cannot be read, is silent or too long.
        """
        sounds = [
            self.encoder.load(a, f"audio {k}" if isinstance(a, bytes) else str(a)) for k, a in enumerate(audios, 1)
        ]
        return self.respond([self.request(prompt, sounds)], max_new_tokens)[0]

    def request(self, prompt: str, sounds: Sequence[Sound]) -> Example:
        """Return a prompt over clips as an example without a response."""
        windows = [-(-sound.frames // self.encoder.window) for sound in sounds]
        ids = self.chat.request(prompt, [self.config.queries * count for count in windows])
        return Example("request", "", ids, 0, tuple(sounds))

    def windows(self, sounds: Sequence[Sound]) -> list[Tensor]:
        """Return what the connector reads of clips: each window's states, shape (layers, frames, width)."""
        return [window for states in self.encoder(sounds) for window in states.split(self.encoder.window, dim=1)]

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.connector.project.weight.device

    def save(self, folder: str | Path, provenance: Mapping[str, Any]) -> None:
        """Write the trained weights, the config and where the data came from; nothing frozen is written."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f"{WEIGHTS}.partial"
        safetensors.torch.save_file({k: p.detach().contiguous().cpu() for k, p in self.trainable.items()}, partial)
        (folder / CONFIG).write_text(self.config.model_dump_json(indent=2) + "\n", "utf-8")
        (folder / PROVENANCE).write_text(json.dumps(provenance, indent=2, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(folder / WEIGHTS)

    def restore(self, path: Path) -> None:
        """Load the trained weights.

        Raises:
            InputError: There are none, or one is missing, unexpected or of another shape.
        """
        try:
            found = safetensors.torch.load_file(path)
        except (OSError, safetensors.SafetensorError) as error:
            raise InputError(f"cannot read the trained weights {path}: {error}") from None
        wanted = self.trainable
        wrong = [f"{k} is missing" for k in sorted(set(wanted) - set(found))]
        wrong += [f"{k} is unexpected" for k in sorted(set(found) - set(wanted))]
        both = sorted(set(found) & set(wanted))
        wrong += [
            f"{k} has shape {tuple(found[k].shape)}, not {tuple(wanted[k].shape)}"
            for k in both
            if found[k].shape != wanted[k].shape
        ]
        if wrong:
            raise InputError(f"{path} does not fit its config: {'; '.join(wrong[:5])}{' …' if len(wrong) > 5 else ''}")
        with torch.no_grad():
            for name in both:
                wanted[name].copy_(found[name])

    @classmethod
    def from_pretrained(cls, folder: str | Path, **changes: Any) -> AudioLM:
        """Return a trained model, on this machine's accelerator where it has one.

        Args:
            folder: What training wrote.
            changes: Config values that differ here (`backbone`, `encoder`: where the parts lie on this machine).

        Raises:
            InputError: It is not such a folder, a part cannot be loaded, or weights are missing.
        """
        try:
            config = json.loads((Path(folder) / CONFIG).read_text("utf-8"))
            model = cls(TrainConfig.model_validate({**config, **changes}))
        except OSError as error:
            raise InputError(
                f"{folder} holds no trained model ({CONFIG}: {error.strerror}): give a folder that `balsa train` wrote"
            ) from None
        except ValidationError as error:
            raise InputError(f"{Path(folder) / CONFIG}: {problems(error)}") from None
        model.restore(Path(folder) / WEIGHTS)
        return model.eval().to(torch.accelerator.current_accelerator(check_available=True) or "cpu")

    def _embed(self, batch: Batch) -> Tensor:
        """Return the input embeddings, shape (rows, length, hidden), audio in its places."""
        embeds: Tensor = self.backbone.get_input_embeddings()(batch.ids.clamp(min=0))
        if not batch.sounds:
            return embeds
        heard = self.connector(self.windows(batch.sounds))  # (windows, queries, hidden)
        places = (batch.ids == AUDIO)[..., None].expand_as(embeds)
        return embeds.masked_scatter(places, heard.to(embeds.dtype))

    def _prefix(self, batch: Batch) -> DynamicCache:
        """Return the backbone's states over what all rows start with, of one row."""
        cache = DynamicCache(config=self.backbone.config)
        if len(batch.prefix):
            self.backbone(input_ids=batch.prefix[None], **{self._cached: cache}, use_cache=True, logits_to_keep=1)
        return cache

    def _packs(self, cache: DynamicCache) -> bool:
        """Whether rows are read end to end: on a processor a third faster; each layer must heed the mask alone."""
        chosen = self.backbone.config._attn_implementation == END_TO_END
        return chosen and all(type(layer) is DynamicLayer for layer in cache.layers)

    def _end_to_end(self, batch: Batch, cache: DynamicCache) -> tuple[Tensor, Tensor, Tensor]:
        """Read all rows as one, without padding, each attending to itself. Returns as `_side_by_side`."""
        flat = batch.mask.flatten().nonzero()[:, 0]  # (tokens,)
        row = flat // batch.mask.shape[1]
        embeds = self._embed(batch).flatten(0, 1)[flat]  # (tokens, hidden)
        mask = mask_of_rows(batch.mask, len(batch.prefix), embeds.dtype)
        following = torch.full_like(flat, IGNORE)
        following[:-1] = torch.where(row[1:] == row[:-1], batch.labels.flatten()[flat[1:]], IGNORE)
        keep = (following != IGNORE).nonzero()[:, 0]
        logits = self._logits(embeds[None], mask, self._positions(batch).flatten()[None, flat], cache, keep)
        return logits[0], following[keep], row[keep]

    def _side_by_side(self, batch: Batch, cache: DynamicCache) -> tuple[Tensor, Tensor, Tensor]:
        """Read the rows padded to one length.

        Returns:
            Logits, shape (kept, vocabulary), the tokens that should follow (kept,) and whose row each is in (kept,).
        """
        cache.batch_repeat_interleave(len(batch.ids))
        keep = (batch.labels[:, 1:] != IGNORE).any(dim=0).nonzero()[:, 0]  # where the next token counts in some row
        logits = self._padded_logits(batch, cache, keep)  # (rows, kept, vocabulary)
        row = torch.arange(len(batch.ids), device=keep.device).repeat_interleave(len(keep))
        return logits.flatten(0, 1), batch.labels[:, keep + 1].flatten(), row

    def _padded_logits(self, batch: Batch, cache: DynamicCache, keep: int | Tensor) -> Tensor:
        mask = self._full_mask(batch.mask, len(batch.prefix))
        return self._logits(self._embed(batch), mask, self._positions(batch), cache, keep)

    def _logits(
        self, embeds: Tensor, mask: Tensor, positions: Tensor, cache: DynamicCache, keep: int | Tensor
    ) -> Tensor:
        output = self.backbone(
            inputs_embeds=embeds,
            attention_mask=mask,
            position_ids=positions,
            **{self._cached: cache},
            use_cache=True,
            logits_to_keep=keep,
        )
        logits: Tensor = output.logits
        return logits

    @staticmethod
    def _positions(batch: Batch) -> Tensor:
        """Return each token's position, shape (rows, length); padding has none, wherever it stands."""
        return (len(batch.prefix) + batch.mask.long().cumsum(dim=1) - 1).clamp(min=0)

    @staticmethod
    def _full_mask(mask: Tensor, prefix: int) -> Tensor:
        return torch.cat([mask.new_ones(len(mask), prefix), mask], dim=1).long()

    def _stop(self) -> Tensor:
        known = getattr(self.backbone.generation_config, "eos_token_id", None)
        listed = known if isinstance(known, list) else [known]
        return torch.tensor(sorted({self.chat.end_of_turn, *(t for t in listed if t is not None)}))


def ask(folder: str | Path, audios: Sequence[Source], prompt: str, **changes: Any) -> str:
    """Return a trained model's response; see `AudioLM.from_pretrained` and `AudioLM.generate`."""
    return AudioLM.from_pretrained(folder, **changes).generate(audios, prompt)


def precision(name: str) -> torch.dtype:
    """Return the numbers to compute in: bf16 where asked for, or under ``auto`` where the processor has it in hardware."""
    cuda, cpu = torch.cuda.is_available(), torch.cpu
    fast = torch.cuda.is_bf16_supported() if cuda else cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported()
    return torch.bfloat16 if name == "bf16" or (name == "auto" and fast) else torch.float32

"""The frozen audio encoder: files in, the states of chosen Whisper layers out, kept on disk where wanted.

Whisper reads windows of 30 seconds; a longer clip is several windows, and what lies after a clip's end is cut from its
states, so that a two-second bark is 100 frames of bark and not 1,400 of padding beside it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, WhisperFeatureExtractor

from balsa_data.audio import decode, read
from balsa_data.errors import InputError

__all__ = ["RATE", "Encoder", "Sound", "load_part"]

RATE = 16_000  # Hz, Whisper's
HOP = 320  # samples a state: 20 ms
SILENCE = 1e-4  # peak amplitude, -80 dBFS: below it nothing is audible

Source = str | bytes | os.PathLike[str]


@dataclass(frozen=True)
class Sound:
    """One clip, ready for the encoder or already through it.

    Attributes:
        key: Hash of the audio file.
        frames: States it has, 50 a second.
        mel: Shape (windows, mel bins, 3000); None where the states are known.
        states: Shape (layers, frames, width).
    """

    key: str
    frames: int
    mel: Tensor | None = None
    states: Tensor | None = None


class Encoder(nn.Module):
    """A frozen Whisper encoder.

    Args:
        name: A Whisper's Hub id or path.
        layers: Whose states to return, from 0; None takes four, evenly spaced, with the last.
        dtype: Of the weights and the states.
        cache: A folder that keeps the states, by hash of the audio file and of the encoder.
        max_seconds: The longest clip.

    Raises:
        InputError: It cannot be loaded or is no Whisper; a layer is not there.
    """

    def __init__(
        self,
        name: str,
        layers: Sequence[int] | None = None,
        *,
        dtype: torch.dtype = torch.float32,
        cache: str | Path | None = None,
        max_seconds: float = 30.0,
    ) -> None:
        super().__init__()
        config = load_part(AutoConfig, name, "encoder")
        if config.model_type != "whisper":
            raise InputError(
                f"the encoder {name} is a {config.model_type}, not a Whisper: name one, such as openai/whisper-small"
            )
        depth = int(config.encoder_layers)
        self.layers = tuple(layers) if layers else tuple(sorted({max(0, depth * k // 4 - 1) for k in (1, 2, 3, 4)}))
        if max(self.layers) >= depth:
            raise InputError(f"encoder_layers has {max(self.layers)}, but {name} has layers 0 to {depth - 1}")
        self.extractor = load_part(WhisperFeatureExtractor, name, "encoder")
        self.whisper: Any = load_part(AutoModel, name, "encoder", dtype=dtype).get_encoder()
        self.whisper.eval().requires_grad_(False)
        self.width = int(config.d_model)
        self.window = int(config.max_source_positions)  # states
        self.max_seconds = max_seconds
        self.cache = Path(cache) / self._fingerprint() if cache else None

    def load(self, source: Source, what: str) -> Sound:
        """Read a clip, from the cache where it is there.

        Args:
            source: A path, a URI or the bytes of an audio file, of any rate and any number of channels.
            what: What it is called in messages.

        Raises:
            InputError: It cannot be read or decoded, is empty, silent, or longer than `max_seconds`.
        """
        data = read(source if isinstance(source, bytes) else os.fspath(source))
        key = hashlib.sha256(data).hexdigest()
        states = self._cached(key)
        if states is not None:
            self._refuse_long(states.shape[1] * HOP, what)
            return Sound(key, states.shape[1], states=states)
        samples = decode(data, RATE, what)
        self._refuse_long(len(samples), what)
        if not np.isfinite(samples).all():
            raise InputError(f"{what} holds samples that are not numbers")
        if float(np.abs(samples).max()) < SILENCE:
            raise InputError(f"{what} is silent (peak below -80 dBFS)")
        span = self.window * HOP
        parts = [samples[start : start + span] for start in range(0, len(samples), span)]
        mel = self.extractor(
            parts, sampling_rate=RATE, return_tensors="pt", padding="max_length", max_length=span
        ).input_features  # (windows, bins, 2 * window)
        return Sound(key, -(-len(samples) // HOP), mel=mel)

    def encoded(self, source: Source, what: str) -> Sound:
        """Read a clip and encode it, for one that is asked about often; see `load`."""
        sound = self.load(source, what)
        return replace(sound, mel=None, states=self([sound])[0])

    @torch.no_grad()
    def forward(self, sounds: Sequence[Sound]) -> list[Tensor]:
        """Return each clip's states, shape (layers, frames, width); clips that are the same are encoded once."""
        known = {sound.key: sound.states for sound in sounds if sound.states is not None}
        missing = {sound.key: sound for sound in sounds if sound.key not in known}
        device, dtype = self.whisper.conv1.weight.device, self.whisper.conv1.weight.dtype
        if missing:
            mels = [sound.mel for sound in missing.values() if sound.mel is not None]
            found = self.whisper(torch.cat(mels).to(device, dtype), output_hidden_states=True).hidden_states
            chosen = torch.stack([found[layer + 1] for layer in self.layers])  # (layers, windows, window, width)
            for sound, windows in zip(
                missing.values(), torch.split(chosen, [len(mel) for mel in mels], dim=1), strict=True
            ):
                known[sound.key] = windows.flatten(1, 2)[:, : sound.frames]
                self._keep(sound.key, known[sound.key])
        return [known[sound.key].to(device, dtype) for sound in sounds]

    def _refuse_long(self, samples: int, what: str) -> None:
        if samples > self.max_seconds * RATE + HOP:
            raise InputError(f"{what} lasts {samples / RATE:.0f} s, more than max_seconds ({self.max_seconds:g})")

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(repr((self.layers, self.window, self.extractor.to_dict())).encode())
        for name, tensor in self.whisper.state_dict().items():
            digest.update(name.encode() + repr((tensor.dtype, tuple(tensor.shape))).encode())
            digest.update(tensor.float().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    def _path(self, key: str) -> Path | None:
        return self.cache / key[:2] / f"{key}.safetensors" if self.cache else None

    def _cached(self, key: str) -> Tensor | None:
        path = self._path(key)
        return safetensors.torch.load_file(path)["states"] if path and path.is_file() else None

    def _keep(self, key: str, states: Tensor) -> None:
        if path := self._path(key):
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.getpid()}")
            safetensors.torch.save_file({"states": states.contiguous().cpu()}, partial)
            partial.replace(path)


def load_part(factory: Any, name: str, role: str, **options: Any) -> Any:
    """Load a pretrained part by Hub id or path.

    Raises:
        InputError: It is not there or is not what is asked for.
    """
    try:
        return factory.from_pretrained(name, **options)
    except (OSError, ValueError, KeyError, ImportError) as error:  # the last where an option needs a package
        raise InputError(f"cannot load the {role} {name}: {str(error).splitlines()[0]}") from None

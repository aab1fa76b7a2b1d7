"""Recordings in the page: small, playable, and nothing else from the disk."""

from __future__ import annotations

import io
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest
import soundfile
from report_source import tone

from balsa_data.report.audio import inline


def decoded(uri: str) -> tuple[int, float]:
    with soundfile.SoundFile(io.BytesIO(b64decode(uri.split(",", 1)[1]))) as file:
        return file.samplerate, file.frames / file.samplerate


def test_a_recording_becomes_small_mono_mp3(tmp_path: Path) -> None:
    clip = tone(tmp_path / "a.wav", 440, 3)
    recording = inline(clip.audio, tmp_path)
    assert recording
    assert recording.uri.startswith("data:audio/mpeg;base64,")
    assert len(recording.uri) < 30_000
    rate, seconds = decoded(recording.uri)
    assert rate == 24_000
    assert seconds == pytest.approx(3, abs=0.1)
    assert recording.whole
    assert max(recording.peaks) == 99
    assert inline(Path(str(clip.audio)).read_bytes(), tmp_path) == recording
    assert inline("a.wav", tmp_path) == recording


def test_a_long_recording_is_cut_and_says_so(tmp_path: Path) -> None:
    recording = inline(tone(tmp_path / "long.wav", 440, 25).audio, tmp_path)
    assert recording
    assert not recording.whole
    assert recording.seconds == pytest.approx(20)
    assert len(recording.uri) < 150_000


@pytest.mark.parametrize("content", [b"", b"root:x:0:0:root", b"RIFF....WAVEfmt broken", b"<svg onload=alert(1)>"])
def test_what_is_not_audio_never_gets_in(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert inline(str(tmp_path / "a.wav"), tmp_path) is None
    assert inline(content, tmp_path) is None


@pytest.mark.parametrize("path", ["javascript:alert(1)", "https://example.org/a.wav", "a\0b", "x" * 9000, ".", None])
def test_what_is_no_file_here_is_left_out(tmp_path: Path, path: str | None) -> None:
    assert inline(path, tmp_path) is None


def test_without_soundfile_small_files_go_in_as_they_are(tmp_path: Path) -> None:
    small, large = tone(tmp_path / "s.wav", 440, 1), tone(tmp_path / "l.wav", 440, 20)
    (tmp_path / "t.wav").write_text("text")
    code = (
        "import sys, pathlib; sys.modules['soundfile'] = None\n"
        "from balsa_data.report.audio import inline\n"
        "for path in sys.argv[1:]:\n"
        "    recording = inline(path, pathlib.Path())\n"
        "    print(recording and recording.uri[:21])"
    )
    paths = [str(small.audio), str(large.audio), str(tmp_path / "t.wav")]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["data:audio/wav;base64", "None", "None"]

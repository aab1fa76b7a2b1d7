"""Exports: samples as the files that a trainer's own loader reads, one format a file.

A format is a module here with ``FORMAT`` (what it can hold and what its trainer does to it) and ``export(rows, out)``,
which writes each `Row` to an `Output`. What all formats share is done before: the audio is written, rows a format cannot
hold are left out and counted, and what its trainer would cut is warned of.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from balsa_data.errors import InputError
from balsa_data.exports._output import Output
from balsa_data.exports._rows import Clip, Format, Preparation, Rejected, Row
from balsa_data.registry import Registry
from balsa_data.rows import SampleSource
from balsa_data.schemas import Record

__all__ = ["EXPORTS", "Clip", "Format", "Output", "Rejected", "Report", "Row", "export", "formats"]

EXPORTS = Registry(package="balsa_data.exports", function="export", kind="format")


class Report(Record):
    """What an export wrote.

    Attributes:
        files: Records in each file.
        clips: Audio files written, and their `seconds` together.
        left_out: Samples that are not in it, by why.
        warnings: What the trainer would do silently and what else should be known, in sentences.
        usage: How the trainer is pointed at it.
    """

    format: str
    folder: Path
    files: dict[str, int]
    clips: int
    seconds: float
    left_out: dict[str, int]
    warnings: tuple[str, ...]
    usage: str


def formats() -> list[str]:
    """Return the names of all formats."""
    return [name.replace("_", "-") for name in EXPORTS.names()]


def export(
    source: SampleSource | Path | str,
    format: str,  # noqa: A002 - the word of the command line
    out: Path | str,
    *,
    audio_rate: int = 16000,
    join: float | None = None,
    preference: bool = False,
    audio_root: Path | None = None,
    revision: str | None = None,
) -> Report:
    """Write samples in a trainer's format.

    Args:
        source: A run, a dataset folder, or the name of a dataset on the Hub.
        format: See `formats`.
        out: A folder that is empty or does not exist yet; it is there once everything is written.
        audio_rate: In Hz, of the mono WAV files that are written.
        join: For a format with one clip a sample: put several in one file with so many seconds of silence between.
            They are left out, and counted, when not given.
        preference: Write pairs of an accepted response and one to the same request that made a false claim.
        audio_root: Where the recordings of a dataset that only refers to them are.
        revision: Of a dataset on the Hub.

    Raises:
        InputError: A name is wrong, `out` holds something, or no sample can be written.
        MissingExtra: soundfile or soxr is not installed.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not an empty folder: give another, or remove it")
    name = format.replace("-", "_")
    declared: Format = EXPORTS.module(name).FORMAT
    if preference and not declared.preference:
        able = [n for n in EXPORTS.names() if EXPORTS.module(n).FORMAT.preference]
        raise InputError(f"preference pairs can be written as {', '.join(able)}, not as {format}: take one of these")
    if preference and isinstance(source, Path | str):
        raise InputError(f"preference pairs need the run itself: {source} holds accepted responses only: give the run")
    with Output(out, packed=declared.packed) as output:
        preparation = Preparation(declared, output, audio_rate, join, preference, audio_root)
        rows: Iterable[Row] = preparation.rows(source, revision)
        EXPORTS.bind(name, {"preference": True} if preference else {})(rows, output)
        if not output.files:
            reasons = "; ".join(
                [*(f"{n} {why}" for why, n in preparation.left_out.items()), *preparation.warnings(format)]
            )
            what = "pair" if preference else "sample"
            raise InputError(f"there is no {what} to write as {format}{f': {reasons}' if reasons else ''}")
    return Report(
        format=format,
        folder=out,
        files=dict(sorted(output.files.items())),
        clips=preparation.written,
        seconds=preparation.seconds,
        left_out=dict(preparation.left_out),
        warnings=(*preparation.warnings(format), *output.notes),
        usage=declared.usage,
    )

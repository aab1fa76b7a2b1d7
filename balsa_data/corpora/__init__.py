"""Corpora: a reader a file, from a corpus' own files to clips.

A reader is a module here with ``LICENSE`` (of the audio, for the card; an SPDX id where there is one), ``REDISTRIBUTABLE``
(whether that licence lets the audio be embedded in a published dataset), and ``read(path, *, options) ->
Iterator[AudioClip]``, which streams: it holds no more of a corpus than it must. Its docstring opens with source,
licence, layout and one example row. A wrong row raises `CorpusError` naming file, line and field. Audio that is missing
is not a reader's business: it yields the path where the file belongs.
"""

from __future__ import annotations

from balsa_data.registry import Registry

__all__ = ["CORPORA"]

CORPORA = Registry(package="balsa_data.corpora", function="read", kind="reader")

"""Common Voice: sentences read aloud by volunteers in more than a hundred languages (Ardila et al., LREC 2020).

Source: https://commonvoice.mozilla.org/datasets
Licence: CC0-1.0; but who downloads it agrees not to host it again (Mozilla Data Collective's terms), nor to find out who
    a speaker is, so the audio is not redistributed from here.
Layout: a folder a language (``cv-corpus-<version>/<language>/``) with ``<split>.tsv`` and ``clips/``. Fields are never
    quoted; the columns vary with the version (``accent`` became ``accents``).
Example: ``client_id<tab>path<tab>sentence<tab>…<tab>age<tab>gender<tab>accents`` /
    ``9f1c…<tab>common_voice_en_1.mp3<tab>Nice to meet you.<tab>…<tab>twenties<tab>female_feminine<tab>Irish English``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import table
from balsa_data.schemas import AudioClip

LICENSE = "CC0-1.0"
REDISTRIBUTABLE = False
GENDERS = {"male": "male", "male_masculine": "male", "female": "female", "female_feminine": "female"}
AGES = {"fourties": "forties"}  # as the corpus spells it


def read(path: Path, *, split: str = "train") -> Iterator[AudioClip]:
    """Yield a clip a recording; the voice's gender is told where it is given as male or female.

    Args:
        path: The folder of a language; its name is taken as the language where the file has no ``locale``.
        split: Which file: train, dev, test, validated, other…

    Raises:
        CorpusError: The file, a column or a row is wrong.
    """
    columns = ["client_id", "path", "sentence", "age", "gender"]
    for row in table(path / f"{split}.tsv", columns, delimiter="\t", quoting=False):
        name, age = row.text("path"), row.maybe("age")
        yield row.clip(
            id=Path(name).stem,
            audio=path / "clips" / name,
            speech=[
                {
                    "transcript": row.text("sentence"),
                    "speaker": row.text("client_id"),
                    "age": AGES.get(age, age) if age else None,
                    "gender": GENDERS.get(row.maybe("gender") or ""),
                    "accent": row.maybe("accents") or row.maybe("accent"),
                    "language": row.maybe("locale") or path.name,
                }
            ],
        )

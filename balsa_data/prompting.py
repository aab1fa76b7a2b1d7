"""From clips to the messages a backbone reads: templates, instruction pools, and metadata that stays data.

A request is ``[Begin of audio] P_seed [End of audio] P_gen`` (BALSa, arXiv 2505.20166): the clip's metadata as text, then
an instruction. The wording of templates and pools in ``prompts/`` is ours unless a file says otherwise. A user's folder
overrides any of its files by having one of the same name.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any, cast

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from balsa_data.errors import PromptError, nearest
from balsa_data.schemas import AudioClip, SpeechSegment

__all__ = ["Prompts", "as_data", "listing"]

ORDINALS = ("First", "Second", "Third", "Fourth")
Texts = str | Sequence["Texts"]
Shape = int | tuple["Shape", ...] | None  # of texts: None for one, a number for so many, else of each
STYLES = ("captions", "tags", "timed")
TEXTS = frozenset({"seeds", "prompt", "present", "absent", "each", "captions", "sounds"})
KEYS = frozenset({"guided", "variant", "ordinals"})
VARIANTS = 60  # wordings to choose among come in twos, threes, fours, fives, sixes …
UNGUIDED: Mapping[str, Any] = {"guided": False, "absent": (), "present": (), "each": (), "variant": 0}
SPEECH_TRAITS = ("speaker", "gender", "age", "emotion", "accent", "language")

# Whatever could end the audio block, or be read as a placeholder or a turn by a chat template.
_FORGERY = re.compile(
    r"\[\s*(?P<mark>(?:begin|end)\s+of\s+audio)\s*\]|<<?\s*[|/]?\s*(?P<tag>[\w ./-]{1,40}?)\s*[|/]?\s*>>?|"
    r"\[\s*(?P<turn>/?\s*inst)\s*\]|(?P<left><\|)|(?P<right>\|>)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def as_data(text: str) -> str:
    """Return metadata as one line that cannot pose as a bracket, an audio placeholder, a chat turn or a control code.

    ``[End of audio]`` becomes ``(End of audio)``, ``<|AUDIO|>`` becomes ``(AUDIO)``; control, format and line-breaking
    characters become spaces. Braces need no care: metadata is a template's value, never its source.
    """
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", text)
        text = "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} else c for c in text)
    before = None
    while before != text:  # what is left after one pass may form a mark anew
        before, text = text, _FORGERY.sub(_defused, text)
    return " ".join(text.split())


def _defused(match: re.Match[str]) -> str:
    inner = match["mark"] or match["tag"] or match["turn"]
    return f"({inner.strip()})" if inner else " "


def listing(items: Sequence[str], word: str = "and") -> str:
    """Join items as a sentence does: ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def clock(seconds: float) -> str:
    """Write a time as ``MM:SS``, the seed descriptions' convention (DeSTA2.5-Audio's data, see README)."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def until(start: float | None, end: float | None) -> str:
    """Write a span of time before what is heard in it; nothing where one end is not known."""
    return "" if start is None or end is None else f"[{clock(start)}-{clock(end)}] "


def traits(pairs: Iterable[tuple[str, str]]) -> str:
    """Write names with their values: ``Gender: female, Emotion: happy``."""
    return ", ".join([f"{name}: {value}" for name, value in pairs])


class Prompts:
    """The templates and instruction pools of a run.

    Args:
        folder: A folder whose files take the place of ours of the same name.

    Raises:
        PromptError: The folder, a template or a pool cannot be used; a template's unknown variables are named all at once.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        ours = Path(str(files("balsa_data") / "prompts"))
        if folder is not None and not Path(folder).is_dir():
            raise PromptError(f"there is no prompt folder {folder}: make it, or take `prompts` out of the recipe")
        self._folders = [Path(folder), ours] if folder is not None else [ours]
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(self._folders), undefined=StrictUndefined, autoescape=False, auto_reload=False
        )
        self._environment.filters.update(listing=listing, clock=clock, until=until, traits=traits)
        self._templates: dict[str, Template] = {}
        self._pools: dict[str, tuple[str, ...]] = {}
        self._frame = lru_cache(maxsize=16384)(self._make_frame)
        self._written_down = cache(self._in_order)
        self._filled = lru_cache(maxsize=16384)(self._fill)

    def pool(self, task: str) -> tuple[str, ...]:
        """Return the phrasings of a task's instruction."""
        if task not in self._pools:
            text = self._read(f"pools/{task}.txt")
            lines = tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
            if not lines:
                raise PromptError(f"the instruction pool pools/{task}.txt has no phrasing: write one a line")
            self._pools[task] = lines
        return self._pools[task]

    def instruction(self, task: str, index: int, **values: str) -> str:
        """Return the phrasing at `index` (counted around) of a task's pool, with `values` filled in."""
        pool = self.pool(task)
        line = pool[index % len(pool)]
        return self._filled(task, line, tuple(values.items())) if "{" in line else line

    def _fill(self, task: str, line: str, values: tuple[tuple[str, str], ...]) -> str:
        return self._render(line, f"pools/{task}.txt", {k: as_data(v) for k, v in values}, source=line)

    def seed_description(self, clip: AudioClip, style: str = "auto") -> str:
        """Write a clip's metadata as the text the backbone reads.

        Args:
            clip: A clip of which something is known.
            style: ``captions``, ``tags`` or ``timed``; ``auto`` takes the plainest that leaves nothing out, and so does
                a style for which the clip has no metadata.
        """
        times = clip.speech or clip.attributes or any(e.onset is not None for e in clip.events)
        full = "timed" if times or (clip.captions and clip.events) else "captions" if clip.captions else "tags"
        fits = style == "timed" or (style == "captions" and clip.captions) or (style == "tags" and clip.events)
        return self._fill_in(f"seed/{style if fits else full}.jinja", _Metadata(clip))

    def messages(self, task: str, seeds: Sequence[str], prompt: str, **guidance: Any) -> list[dict[str, str]]:
        """Return the chat messages of one request.

        Args:
            task: Names the template.
            seeds: One seed description a clip, in order.
            prompt: The instruction the ALLM is trained with.
            guidance: What else the template may use: `guided`, `present`, `absent`, `each`, and `variant`, a number that
                differs from request to request, to choose among wordings.
        """
        values = {"seeds": seeds, "ordinals": ORDINALS, "prompt": prompt, **UNGUIDED, **guidance}
        values["variant"] %= VARIANTS
        user = self._fill_in(f"{task}.jinja", values)
        system = [{"role": "system", "content": self._system}] if self._system else []
        return [*system, {"role": "user", "content": user}]

    def ask(self, name: str, **values: Any) -> list[dict[str, str]]:
        """Return the chat messages of a template that is no task's, without a system message."""
        return [{"role": "user", "content": self._render_file(f"{name}.jinja", values).strip()}]

    @cached_property
    def _system(self) -> str:
        return self._render_file("system.jinja", {}).strip()

    def _fill_in(self, name: str, values: Mapping[str, Any]) -> str:
        """Render a template; but once only for each number of texts where it just writes them down."""
        if (variables := self._written_down(name)) is None:
            return self._render_file(name, values).strip()
        texts, keys = variables
        leaves: list[str] = []
        shapes = tuple([_shape(values[text], leaves) for text in texts])
        return self._frame(name, shapes, tuple([values[key] for key in keys])).format(*leaves).strip()

    def _make_frame(self, name: str, shapes: tuple[Shape, ...], keys: tuple[Any, ...]) -> str:
        """Return a template's fixed text, with the index of each text, in braces, where it goes."""
        (texts, names), number = self._written_down(name) or ((), ()), count()
        marked = {text: _marked(shape, number) for text, shape in zip(texts, shapes, strict=True)}
        parts = self._render_file(name, {**marked, **dict(zip(names, keys, strict=True))}).split("\0")
        return "".join(f"{{{x}}}" if i % 2 else x.replace("{", "{{").replace("}", "}}") for i, x in enumerate(parts))

    def _in_order(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        variables = self._what_is_written_down(name)
        return None if variables is None else (tuple(sorted(variables & TEXTS)), tuple(sorted(variables - TEXTS)))

    def _what_is_written_down(self, name: str) -> frozenset[str] | None:
        """Return a template's variables; None if its text depends on what a text says, or on more than `KEYS` beside them."""
        try:
            tree = self._environment.parse(self._read(name))
        except TemplateError:  # rendering it will say so
            return None
        used = frozenset(meta.find_undeclared_variables(tree))
        loops = list(tree.find_all(nodes.For))
        targets = {n.name for loop in loops for n in _names(loop.target)}
        lists = used & TEXTS - {"prompt"} | {
            n.name for loop in loops if _is(loop.iter, {"each"}) for n in _names(loop.target)
        }
        counted = [filtered.node for filtered in tree.find_all(nodes.Filter) if filtered.name == "length"]
        fine = {id(node) for node in (*(loop.iter for loop in loops), *counted) if _is(node, lists)}
        parts = (part for output in tree.find_all(nodes.Output) for part in output.nodes)
        fine |= {id(node) for part in parts for node in _put_down(part, lists)}
        watched = [n for n in tree.find_all(nodes.Name) if n.ctx == "load" and n.name in used & TEXTS | targets]
        others = [p and self._what_is_written_down(p) for p in meta.find_referenced_templates(tree)]
        if (
            not used <= TEXTS | KEYS
            or used & TEXTS & targets
            or None in others
            or any(id(n) not in fine for n in watched)
        ):
            return None
        return used.union(*(other for other in others if other))

    def fingerprint(self, task: str) -> str:
        """Return a hash of all text a task's requests are made of."""
        shared = sorted({p.name for f in self._folders for p in f.glob("_*.jinja")})
        names = ["system.jinja", *shared, f"{task}.jinja", f"pools/{task}.txt"]
        text = "\0".join(self._read(name) for name in names + [f"seed/{style}.jinja" for style in STYLES])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def tasks(self) -> list[str]:
        """The tasks for which there is a template."""
        return sorted({p.stem for f in self._folders for p in f.glob("[!_]*.jinja")} - {"system"})

    def _read(self, name: str) -> str:
        for folder in self._folders:
            if (folder / name).is_file():
                try:
                    return (folder / name).read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    raise PromptError(f"cannot read {folder / name}: {error}") from None
        known = {str(p.relative_to(f)) for f in self._folders for p in f.rglob("*.*")}
        raise PromptError(f"there is no prompt file {name}{nearest(name, known)}")

    def _render_file(self, name: str, values: Mapping[str, Any]) -> str:
        return self._render(name, name, values)

    def _render(self, key: str, name: str, values: Mapping[str, Any], source: str | None = None) -> str:
        try:
            if key not in self._templates:
                tree = self._environment.parse(source if source is not None else self._read(name))
                if missing := meta.find_undeclared_variables(tree) - set(values):
                    known = ", ".join(sorted(values)) or "none"
                    raise PromptError(f"{name} uses {', '.join(sorted(missing))}, but the variables here are: {known}")
                self._templates[key] = (
                    self._environment.get_template(name) if source is None else self._environment.from_string(source)
                )
            template = self._templates[key]
            # What `render` does, less a copy of the environment's globals each time.
            context = template.new_context({**self._environment.globals, **values}, shared=True)
            return "".join(template.root_render_func(context))
        except TemplateError as error:
            line = f":{error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            raise PromptError(f"{name}{line} cannot be rendered: {error.message}") from None
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # of what a template computes
            raise PromptError(f"{name} cannot be rendered: {type(error).__name__}: {error}") from None


class _Metadata(Mapping[str, Any]):
    """What a seed description may use of a clip, each worked out when it is used."""

    _MADE: Mapping[str, Callable[[AudioClip], Any]] = {
        "captions": lambda clip: list(dict.fromkeys(map(as_data, clip.captions))),
        "events": lambda clip: [{"label": as_data(e.label)} for e in clip.events],
        "sounds": lambda clip: list(dict.fromkeys([as_data(e.label) for e in clip.events])),
        "lines": lambda clip: _lines(clip),
        "attributes": lambda clip: [(as_data(k), as_data(v)) for k, v in clip.attributes.items()],
        "duration": lambda clip: clip.duration,
    }

    def __init__(self, clip: AudioClip) -> None:
        self._clip = clip

    def __getitem__(self, name: str) -> Any:
        return self._MADE[name](self._clip)

    def __iter__(self) -> Iterator[str]:
        return iter(self._MADE)

    def __len__(self) -> int:
        return len(self._MADE)


def _shape(texts: Texts, leaves: list[str]) -> Shape:
    """Return how texts are nested, and gather them in order."""
    if isinstance(texts, str):
        leaves.append(texts)
        return None
    if texts and not isinstance(texts[0], str):
        return tuple([_shape(one, leaves) for one in texts])
    leaves += cast("Sequence[str]", texts)
    return len(texts)


def _marked(shape: Shape, number: Iterator[int]) -> Texts:
    if shape is None:
        return f"\0{next(number)}\0"
    return [_marked(one, number) for one in ([None] * shape if isinstance(shape, int) else shape)]


def _put_down(part: nodes.Node, lists: Collection[str]) -> Iterator[nodes.Node]:
    """Yield what an expression that is written out is made of, word for word."""
    yield part
    if isinstance(part, nodes.Filter) and part.name in {"join", "listing"} and _is(part.node, lists):
        yield from part.iter_child_nodes(only={"node"})
    inner = part.node if isinstance(part, nodes.Getitem) else part
    for one in inner.nodes if isinstance(inner, nodes.Concat) else inner.items if isinstance(inner, nodes.List) else ():
        yield from _put_down(one, lists)


def _is(node: nodes.Node | None, names: Collection[str]) -> bool:
    return isinstance(node, nodes.Name) and node.name in names


def _names(target: nodes.Node) -> Iterator[nodes.Name]:
    return (n for n in (target, *target.find_all(nodes.Name)) if isinstance(n, nodes.Name))


def _lines(clip: AudioClip) -> list[tuple[float | None, float | None, str, list[tuple[str, str]]]]:
    """Start, end, text and traits of the clip's events and speech by time; sounds of the same time are one line."""
    spans: dict[tuple[float | None, float | None], dict[str, None]] = {}
    for event in clip.events:
        start = event.onset if event.onset is not None else 0.0 if clip.duration else None
        end = event.offset if event.offset is not None else clip.duration
        spans.setdefault((start, end), {})[as_data(event.label)] = None
    lines = [(start, end, f"({', '.join(labels)})", list[tuple[str, str]]()) for (start, end), labels in spans.items()]
    lines += [(s.start, s.end, as_data(s.transcript), _traits(s)) for s in clip.speech]
    return sorted(lines, key=lambda line: line[0] or 0.0)


def _traits(segment: SpeechSegment) -> list[tuple[str, str]]:
    found = [(name.capitalize(), getattr(segment, name)) for name in SPEECH_TRAITS]
    found += [(as_data(key).capitalize(), value) for key, value in segment.attributes.items()]
    return [(name, as_data(value)) for name, value in found if value]

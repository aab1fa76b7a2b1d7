"""Publishing: the dataset folder to the Hub, in one commit of what changed.

Files travel before the commit and are kept by their hash, so an upload that was cut goes on where it was when the same
command is run again, and nobody sees half a dataset. The only module that writes to the Hub.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from balsa_data.configs import EVALUATION, PREFERENCE
from balsa_data.dataset import AudioPolicy, Manifest, build
from balsa_data.errors import DatasetError, InputError
from balsa_data.rows import SampleSource
from balsa_data.schemas import Record

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["Published", "publish", "sentences"]


class Published(Record):
    """What was published, or would be.

    Attributes:
        url: Of the dataset on the Hub.
        commit: The commit's id; None after a dry run, and when nothing had changed.
        folder: The dataset folder on this machine.
        uploaded: Files that are new or differ, with their bytes; `deleted` those that are gone, `unchanged` the rest.
    """

    url: str
    commit: str | None
    folder: Path
    manifest: Manifest
    uploaded: dict[str, int]
    deleted: tuple[str, ...]
    unchanged: int


def publish(
    source: SampleSource,
    repo_id: str,
    *,
    private: bool = True,
    dry_run: bool = False,
    revision: str | None = None,
    audio: AudioPolicy | None = None,
    template: Path | None = None,
    folder: Path | None = None,
    preference: bool = False,
    evalset: Path | None = None,
    token: str | None = None,
    endpoint: str | None = None,
) -> Published:
    """Build a run's dataset folder, verify it, and bring the Hub up to date with it.

    Args:
        source: The run.
        repo_id: ``owner/name``.
        private: Of the repository; one that exists must already be so.
        dry_run: Build, verify and compare, but change nothing on the Hub. Without a token, compare with nothing.
        revision: The branch; it is made where there is none.
        audio: See `balsa_data.dataset.build`.
        template: A card template instead of the library's.
        folder: Where the dataset folder is built; in the run's folder when not given.
        preference: See `balsa_data.dataset.build`.
        evalset: See `balsa_data.dataset.build`.
        token: Of the Hub; the one of ``HF_TOKEN`` or ``hf auth login`` when not given.
        endpoint: The Hub's address; ``HF_ENDPOINT``, or the public one, when not given.

    Raises:
        InputError: The name, the token or an existing repository does not fit, or see `build`.
        DatasetError: The Hub cannot be reached, refused, or the upload was cut short.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise InputError(f"{repo_id!r} cannot be a dataset's name: {str(error).rstrip('.')}") from None
    if "/" not in repo_id:
        raise InputError(
            f"a dataset is published as OWNER/NAME, and {repo_id!r} has no owner: put your name on the Hub before it"
        )
    api = HfApi(endpoint=endpoint, token=token or get_token() or False, library_name="balsa-data")
    exists = False
    if api.token or not dry_run:
        with sentences(api, repo_id):
            exists = _ready(api, repo_id, private)

    folder = folder or source.folder / "dataset"
    manifest = build(
        source, folder, audio=audio, repo_id=repo_id, template=template, preference=preference, evalset=evalset
    )
    with sentences(api, repo_id):
        remote = _remote(api, repo_id, revision) if exists else {}
    local = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    changed = {name: path for name, path in local.items() if not _same(path, remote.get(name))}
    ours = tuple(f"{name}/" for name in ("data", PREFERENCE, EVALUATION))
    held = (name for name in remote if name.startswith(ours) and name.endswith((".parquet", "/clips.csv")))
    deleted = [name for name in held if name not in local]
    commit = None
    if not dry_run:
        with sentences(api, repo_id):
            api.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True)
            if revision is not None:
                api.create_branch(repo_id, branch=revision, repo_type="dataset", exist_ok=True)
            if changed or deleted:
                removed = [CommitOperationDelete(name) for name in deleted]
                added = [CommitOperationAdd(name, path) for name, path in changed.items()]
                message = f"{manifest.total:,} samples of {manifest.name}"
                with _transfer(api, repo_id):
                    commit = api.create_commit(
                        repo_id, removed + added, commit_message=message, repo_type="dataset", revision=revision
                    ).oid
    return Published(
        url=f"{api.endpoint}/datasets/{repo_id}",
        commit=commit,
        folder=folder,
        manifest=manifest,
        uploaded={name: path.stat().st_size for name, path in changed.items()},
        deleted=tuple(deleted),
        unchanged=len(local) - len(changed),
    )


def _ready(api: HfApi, repo_id: str, private: bool) -> bool:
    """Return whether the repository exists, once all that can be known to stand against writing to it is ruled out."""
    from huggingface_hub.errors import RepositoryNotFoundError

    if not api.token:
        raise InputError(
            "publishing needs a token of the Hub: run 'hf auth login' or set HF_TOKEN (one that may write)"
        )
    role = api.whoami().get("auth", {}).get("accessToken", {}).get("role")
    if role == "read":
        raise InputError(
            "the token of the Hub may only read: make one that may write and run 'hf auth login' or set HF_TOKEN"
        )
    try:
        info = api.repo_info(repo_id, repo_type="dataset")
    except RepositoryNotFoundError:
        for kind in ("model", "space"):
            if api.repo_exists(repo_id, repo_type=kind):
                raise InputError(f"{repo_id} is a {kind} on the Hub: publish the dataset under another name") from None
        return False
    if private and not info.private:
        raise InputError(
            f"{repo_id} is public on the Hub: say that it may be (--public), or publish under another name"
        )
    if not private and info.private:
        raise InputError(
            f"{repo_id} is private on the Hub: make it public in its settings there, or publish it as private"
        )
    return True


def _remote(api: HfApi, repo_id: str, revision: str | None) -> dict[str, tuple[str, bool]]:
    """Return what the branch (or main, where it is yet to be made from that) holds: hash, and whether it is LFS' one."""
    from huggingface_hub import RepoFile
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        tree = list(api.list_repo_tree(repo_id, repo_type="dataset", revision=revision, recursive=True))
    except RevisionNotFoundError:
        tree = list(api.list_repo_tree(repo_id, repo_type="dataset", recursive=True))
    files = (entry for entry in tree if isinstance(entry, RepoFile))
    return {file.path: (file.lfs.sha256, True) if file.lfs else (file.blob_id, False) for file in files}


def _same(path: Path, remote: tuple[str, bool] | None) -> bool:
    if remote is None:
        return False
    known, large = remote
    with path.open("rb") as file:
        if large:
            return hashlib.file_digest(file, "sha256").hexdigest() == known
        content = file.read()
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest() == known  # git's id of a blob


@contextmanager
def _transfer(api: HfApi, repo_id: str) -> Iterator[None]:
    """Use Git LFS where the server does not speak Xet: huggingface_hub takes Xet for granted once hf_xet is installed."""
    from huggingface_hub import constants
    from huggingface_hub.utils import build_hf_headers, get_session

    before = constants.HF_HUB_DISABLE_XET
    if not before:
        headers = build_hf_headers(token=api.token)
        url = f"{api.endpoint}/api/datasets/{repo_id}/xet-write-token/main"
        constants.HF_HUB_DISABLE_XET = get_session().get(url, headers=headers).status_code == 404
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = before


@contextmanager
def sentences(api: HfApi, repo_id: str) -> Iterator[None]:
    """Say what the Hub's client raises in one sentence."""
    # HTTPError is of the client that huggingface_hub uses: httpx, or httpx2 from 2 on
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled:
        raise InputError("HF_HUB_OFFLINE is set, and publishing needs the Hub: unset it") from None
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status == 401:
            raise InputError("the Hub does not know this token: run 'hf auth login' or set HF_TOKEN anew") from None
        if status == 403:
            raise InputError(f"the token of the Hub may not write to {repo_id}: use one that may") from None
        said = error.server_message or (str(error).splitlines() or ["no reason"])[0]
        raise DatasetError(f"the Hub at {api.endpoint} answered {status}: {said}") from None
    except HTTPError as error:
        raise DatasetError(_cut(api, error)) from None
    except (RuntimeError, OSError) as error:  # an upload thread's, with the reason as its cause
        if isinstance(error.__cause__, HfHubHTTPError):
            with sentences(api, repo_id):
                raise error.__cause__ from None
        raise DatasetError(_cut(api, error.__cause__ or error)) from None
    except ValueError as error:  # metadata of a card that the Hub does not take
        raise InputError(f"the Hub does not take this card: {' '.join(str(error).split())}") from None


def _cut(api: HfApi, error: BaseException) -> str:
    reason = str(error).strip().rstrip(".").replace(os.linesep, " ") or type(error).__name__
    return f"the connection to the Hub at {api.endpoint} failed ({reason}): run the same command again, what arrived is kept"

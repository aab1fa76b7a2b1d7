"""A local server that speaks the part of the Hub's HTTP API that publishing and loading a dataset need.

Repositories live in memory: commits of files, Git LFS objects by hash. Every request is logged, and an upload can be
made to hang or fail, so that tests can cut one in the middle. Run it alone with ``python tests/hub_server.py PORT``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

WRITE, READ = "hf_write_token_for_tests", "hf_read_token_for_tests"
USER = "me"
LFS = (".parquet", ".wav", ".flac", ".arrow")
NAME = r"(?P<repo>[\w.-]+/[\w.-]+)"
TYPE = r"(?P<kind>models|datasets|spaces)"


@dataclass
class File:
    content: bytes
    large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def blob(self) -> str:
        content = self.pointer if self.large else self.content
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    @property
    def pointer(self) -> bytes:
        return (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n".encode()
        )

    def info(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "file", "path": path, "size": len(self.content), "oid": self.blob}
        if self.large:
            found["lfs"] = {"oid": self.sha256, "size": len(self.content), "pointerSize": len(self.pointer)}
        return found


@dataclass
class Repository:
    private: bool
    branches: dict[str, str] = field(default_factory=dict)  # branch -> commit
    commits: dict[str, dict[str, File]] = field(default_factory=dict)  # commit -> path -> file
    messages: list[str] = field(default_factory=list)

    def commit(self, branch: str, files: dict[str, File], message: str) -> str:
        text = json.dumps([message, len(self.commits), sorted((path, file.blob) for path, file in files.items())])
        oid = hashlib.sha1(text.encode()).hexdigest()
        self.commits[oid] = files
        self.branches[branch] = oid
        self.messages.append(message)
        return oid

    def resolve(self, revision: str) -> str | None:
        revision = revision.removeprefix("refs/heads/")
        return self.branches.get(revision) or (revision if revision in self.commits else None)


class Hub(ThreadingHTTPServer):
    """The server; `url` is what HF_ENDPOINT should be.

    Attributes:
        log: Of requests, as (method, path).
        stall_on: The LFS upload (counted from 1) that is read half and then left hanging; its start sets `stalled`.
        fail_uploads: Answer every LFS upload with this status.
    """

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.log: list[tuple[str, str]] = []
        self.uploads = 0
        self.stall_on: int | None = None
        self.stalled = threading.Event()
        self.closing = threading.Event()
        self.fail_uploads: int | None = None
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def create(self, kind: str, name: str, private: bool = True) -> Repository:
        repository = Repository(private)
        attributes = File(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n", False)
        repository.commit("main", {".gitattributes": attributes}, "initial commit")
        self.repositories[kind, name] = repository
        return repository

    def __enter__(self) -> Hub:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()


class Refused(Exception):
    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def _handle(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        self.query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        self.server.log.append((self.command, path))
        try:
            for method, pattern, action in ROUTES:
                if method == self.command and (match := re.fullmatch(pattern, path)):
                    return action(self, **match.groupdict())
            raise Refused(404, f"no such address: {self.command} {path}")
        except Refused as refused:
            headers = {"X-Error-Message": refused.message} | ({"X-Error-Code": refused.code} if refused.code else {})
            self._json({"error": refused.message}, refused.status, headers)

    do_GET = do_POST = do_PUT = do_HEAD = _handle  # noqa: N815 - http.server's names

    # what requests carry

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _token(self) -> str | None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in (WRITE, READ):
            raise Refused(401, "Invalid credentials in Authorization header")
        return token or None

    def _writes(self, repo: str) -> None:
        token = self._token()
        if token is None:
            raise Refused(401, "Unauthorized")
        if token != WRITE or repo.split("/")[0] != USER:
            raise Refused(403, f"You don't have the rights to write to {repo}")

    def _repository(self, kind: str, name: str) -> Repository:
        repository = self.server.repositories.get((kind, name))
        if repository is None or (repository.private and self._token() is None):
            raise Refused(404 if self._token() else 401, "Repository not found", "RepoNotFound")
        return repository

    def _commit(self, kind: str, name: str, revision: str) -> tuple[Repository, str]:
        repository = self._repository(kind, name)
        oid = repository.resolve(unquote(revision))
        if oid is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return repository, oid

    # what answers carry

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _json(self, data: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        if status >= 400 and self.command in ("POST", "PUT"):
            self.close_connection = True  # the body may be unread
        self._send(status, json.dumps(data).encode(), {"Content-Type": "application/json"} | (headers or {}))

    # the API

    def whoami(self) -> None:
        token = self._token()
        if token is None:
            raise Refused(401, "Unauthorized")
        role = "write" if token == WRITE else "read"
        self._json({"type": "user", "name": USER, "orgs": [], "auth": {"accessToken": {"role": role}}})

    def create_repo(self) -> None:
        asked = json.loads(self._body())
        name = f"{asked.get('organization') or USER}/{asked['name']}"
        self._writes(name)
        kind = f"{asked.get('type') or 'model'}s"
        url = f"{self.server.url}/{'' if kind == 'models' else kind + '/'}{name}"
        if (kind, name) in self.server.repositories:
            return self._json({"error": "You already created this repo", "url": url}, 409)
        self.server.create(kind, name, asked.get("visibility") == "private" or asked.get("private", False))
        return self._json({"url": url, "name": name, "id": "1"})

    def create_branch(self, kind: str, repo: str, branch: str) -> None:
        self._body()
        self._writes(repo)
        repository = self._repository(kind, repo)
        if branch in repository.branches:
            raise Refused(409, "Reference already exists")
        repository.branches[branch] = repository.branches["main"]
        self._json({})

    def repo_info(self, kind: str, repo: str, revision: str = "main") -> None:
        repository, oid = self._commit(kind, repo, revision)
        siblings = [{"rfilename": path} for path in sorted(repository.commits[oid])]
        facts = {
            "id": repo,
            "sha": oid,
            "private": repository.private,
            "siblings": siblings,
            "tags": [],
            "downloads": 0,
        }
        self._json(facts | {"lastModified": datetime.now(UTC).isoformat().replace("+00:00", "Z"), "gated": False})

    def refs(self, kind: str, repo: str) -> None:
        branches = self._repository(kind, repo).branches
        found = [{"name": n, "ref": f"refs/heads/{n}", "targetCommit": oid} for n, oid in branches.items()]
        self._json({"branches": found, "converts": [], "tags": []})

    def tree(self, kind: str, repo: str, revision: str, path: str = "") -> None:
        repository, oid = self._commit(kind, repo, revision)
        prefix = f"{path.strip('/')}/" if path.strip("/") else ""
        found: dict[str, dict[str, Any]] = {}
        for name, file in sorted(repository.commits[oid].items()):
            if not name.startswith(prefix):
                continue
            parts = name[len(prefix) :].split("/")
            folders = range(1, len(parts)) if self.query.get("recursive", "").lower() == "true" else range(1, 2)
            for depth in folders:
                if depth < len(parts):
                    folder = prefix + "/".join(parts[:depth])
                    found[folder] = {"type": "directory", "path": folder, "size": 0, "oid": "0" * 40}
            if len(parts) == 1 or self.query.get("recursive", "").lower() == "true":
                found[name] = file.info(name)
        if prefix and not found:
            raise Refused(404, f"{path} does not exist", "EntryNotFound")
        self._json(list(found.values()))

    def paths_info(self, kind: str, repo: str, revision: str) -> None:
        repository, oid = self._commit(kind, repo, revision)
        body = self._body().decode()
        is_json = "json" in self.headers.get("Content-Type", "")
        paths = json.loads(body)["paths"] if is_json else parse_qs(body)["paths"]
        files = repository.commits[oid]
        found = []
        for path in [paths] if isinstance(paths, str) else paths:
            if path in files:
                found.append(files[path].info(path))
            elif any(name.startswith(f"{path.rstrip('/')}/") for name in files):
                found.append({"type": "directory", "path": path, "size": 0, "oid": "0" * 40})
        self._json(found)

    def validate_yaml(self) -> None:
        import yaml

        content = json.loads(self._body())["content"]
        match = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
        try:
            metadata = yaml.safe_load(match[1]) if match else None
        except yaml.YAMLError as error:
            metadata = str(error)
        if not isinstance(metadata, dict) or not isinstance(metadata.get("license", "other"), str):
            return self._json({"errors": [{"message": f"bad metadata: {metadata}"}], "warnings": []}, 400)
        return self._json({"errors": [], "warnings": []})

    def preupload(self, kind: str, repo: str, revision: str) -> None:
        asked = json.loads(self._body())
        self._writes(repo)
        repository, oid = self._commit(kind, repo, revision)
        answers = []
        for file in asked["files"]:
            there = repository.commits[oid].get(file["path"])
            mode = "lfs" if file["path"].endswith(LFS) else "regular"
            answers.append(
                {
                    "path": file["path"],
                    "uploadMode": mode,
                    "shouldIgnore": False,
                    "oid": (there.sha256 if there.large else there.blob) if there else None,
                }
            )
        self._json({"files": answers})

    def lfs_batch(self, repo: str) -> None:
        asked = json.loads(self._body())
        self._writes(repo)
        objects = []
        for item in asked["objects"]:
            answer: dict[str, Any] = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self.server.objects:
                href = f"{self.server.url}/lfs/{item['oid']}"
                answer["actions"] = {"upload": {"href": href}, "verify": {"href": f"{href}/verify"}}
            objects.append(answer)
        self._json({"transfer": "basic", "objects": objects})

    def lfs_upload(self, oid: str) -> None:
        with self.server.lock:
            self.server.uploads += 1
            number = self.server.uploads
        if self.server.fail_uploads:
            raise Refused(self.server.fail_uploads, "the storage does not take it")
        if number == self.server.stall_on:
            self.rfile.read(int(self.headers["Content-Length"]) // 2)
            self.server.stalled.set()
            self.server.closing.wait()
            self.close_connection = True
            return
        content = self._body()
        if hashlib.sha256(content).hexdigest() != oid:
            raise Refused(400, "the content does not have this hash")
        self.server.objects[oid] = content
        self._json({})

    def lfs_verify(self, oid: str) -> None:
        asked = json.loads(self._body())
        if len(self.server.objects.get(oid, b"")) != asked["size"]:
            raise Refused(400, "the object did not arrive")
        self._json({})

    def commit(self, kind: str, repo: str, revision: str) -> None:
        body = self._body()
        self._writes(repo)
        repository, oid = self._commit(kind, repo, revision)
        files = dict(repository.commits[oid])
        summary = ""
        for line in body.splitlines():
            item = json.loads(line)
            key, value = item["key"], item["value"]
            if key == "header":
                summary = value["summary"]
            elif key == "file":
                files[value["path"]] = File(base64.b64decode(value["content"]), False)
            elif key == "lfsFile":
                if value["oid"] not in self.server.objects:
                    raise Refused(400, f"the object of {value['path']} was not uploaded")
                files[value["path"]] = File(self.server.objects[value["oid"]], True)
            elif key == "deletedFile":
                del files[value["path"]]
        new = repository.commit(unquote(revision), files, summary)
        url = f"{self.server.url}/{kind}/{repo}/commit/{new}"
        self._json({"success": True, "commitOid": new, "commitUrl": url, "hookOutput": ""})

    def resolve(self, repo: str, revision: str, path: str) -> None:
        repository, oid = self._commit("datasets", repo, revision)
        file = repository.commits[oid].get(path)
        if file is None:
            raise Refused(404, "Entry not found", "EntryNotFound")
        etag = file.sha256 if file.large else file.blob
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": oid, "Accept-Ranges": "bytes"}
        content, status = file.content, 200
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            start, end = int(match[1]), int(match[2] or len(content) - 1)
            headers["Content-Range"] = f"bytes {start}-{min(end, len(content) - 1)}/{len(content)}"
            content, status = content[start : end + 1], 206
        self._send(status, content, headers)


REV = r"(?P<revision>[^/]+|refs/[^/]+/[^/]+)"
ROUTES = [
    ("GET", "/api/whoami-v2", Handler.whoami),
    ("POST", "/api/repos/create", Handler.create_repo),
    ("POST", "/api/validate-yaml", Handler.validate_yaml),
    ("POST", f"/api/{TYPE}/{NAME}/branch/(?P<branch>.+)", Handler.create_branch),
    ("GET", f"/api/{TYPE}/{NAME}", Handler.repo_info),
    ("GET", f"/api/{TYPE}/{NAME}/revision/{REV}", Handler.repo_info),
    ("GET", f"/api/{TYPE}/{NAME}/refs", Handler.refs),
    ("GET", f"/api/{TYPE}/{NAME}/tree/{REV}(?P<path>(?:/.*)?)", Handler.tree),
    ("POST", f"/api/{TYPE}/{NAME}/paths-info/{REV}", Handler.paths_info),
    ("POST", f"/api/{TYPE}/{NAME}/preupload/{REV}", Handler.preupload),
    ("POST", f"/api/{TYPE}/{NAME}/commit/{REV}", Handler.commit),
    ("POST", f"/datasets/{NAME}.git/info/lfs/objects/batch", Handler.lfs_batch),
    ("PUT", "/lfs/(?P<oid>[0-9a-f]{64})", Handler.lfs_upload),
    ("POST", "/lfs/(?P<oid>[0-9a-f]{64})/verify", Handler.lfs_verify),
    ("GET", f"/datasets/{NAME}/resolve/{REV}/(?P<path>.+)", Handler.resolve),
    ("HEAD", f"/datasets/{NAME}/resolve/{REV}/(?P<path>.+)", Handler.resolve),
]


if __name__ == "__main__":
    with Hub(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as hub:
        print(f"HF_ENDPOINT={hub.url} HF_TOKEN={WRITE}", flush=True)
        hub.closing.wait(3600)

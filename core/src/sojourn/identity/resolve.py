"""From what a job names as inputs to what they are: digests, sizes, signatures."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sojourn.identity.archive import archive_digest
from sojourn.identity.digests import DigestMemo, Digests, FileIdentity
from sojourn.identity.remote import remote_component
from sojourn.identity.trees import Tree, read_tree
from sojourn.values.inputs import JobOutput, NodeOutput, Origin, Remote
from sojourn.values.job import Job
from sojourn.values.jsonable import shown
from sojourn.values.messages import Blob
from sojourn.values.remote import RemotePath


@dataclass(frozen=True, slots=True)
class ResolvedInput:
    """One input of a signed job. `component` is what stands for it in the signature.

    `kind` says how it comes to the machine, and so which fields say something:

    * "file": `path` or `content`, with `digest`, `size` and `executable`;
    * "tree": the directory `path`, whose identity is `digest`; see `blob` for its archive;
    * "output": the output `output` of the job `signature`, from wherever that lies;
    * "remote": `remote`, a path on the machine.

    An output of a workflow's node which is a local file by now is a "file" or a "tree", and
    has `signature` and `output` as well: they, not the bytes, are its identity.
    """

    name: str
    kind: Literal["file", "tree", "output", "remote"]
    component: Mapping[str, Any]
    readonly: bool = False
    path: Path | None = None
    content: bytes | None = field(default=None, repr=False)
    digest: str = ""
    size: int = 0
    executable: bool = False
    signature: str = ""
    output: str = ""
    remote: str = ""

    def blob(self, memo: DigestMemo | None = None) -> Blob | None:
        """The bytes that must lie on the machine; None for what needs none.

        A directory's archive is read here to be hashed, unless `memo` knows it.

        Raises:
            InvalidJob: the directory cannot be read any more.
        """
        if self.kind == "file":
            source = self.path if self.path is not None else self.content or b""
            return Blob(self.digest, self.size, source)
        if self.kind == "tree" and self.path is not None:
            what = f"input {shown(self.name)}"
            digest, size = archive_digest(self.path, self.digest, memo, what)
            return Blob(digest, size, self.path, tree=True)
        return None


def output_component(signature: str, output: str) -> dict[str, Any]:
    """What stands for an output of a job or step in a signature."""
    return {"kind": "output", "signature": signature, "output": output}


@dataclass
class Resolver:
    """Resolves the inputs of one batch: what several jobs share is looked at once."""

    digests: Digests
    remotes: Mapping[str, RemotePath] = field(default_factory=dict)
    signatures: Mapping[int, str] = field(default_factory=dict)
    """`id(job)` -> signature, for outputs of `Job` objects."""
    _trees: dict[Path, Tree] = field(default_factory=dict)

    def resolve(self, name: str, source: Origin, readonly: bool) -> ResolvedInput:
        """What `source`, put into the job's directory as `name`, is.

        Raises:
            InvalidJob: it cannot be found or read, or has no identity.
        """
        match source:
            case Path():
                return self._local(name, source, readonly)
            case bytes():
                return _content(name, source, readonly)
            case Remote():
                return self._remote(name, source, readonly)
            case JobOutput():
                signature = source.signature or self.signatures[id(source.job)]
                return _output(name, signature, source.name, readonly)
            case NodeOutput():
                return self._node(name, source, readonly)

    def _node(self, name: str, node: NodeOutput, readonly: bool) -> ResolvedInput:
        component = output_component(node.signature, node.name)
        match node.value:
            case None:
                return _output(name, node.signature, node.name, readonly)
            case Remote(path=path):  # known by the node: what it holds need not be asked
                found = ResolvedInput(name, "remote", component, readonly, remote=path)
            case value:
                found = self.resolve(name, value, readonly)
        return replace(found, component=component, signature=node.signature, output=node.name)

    def local(self, path: Path, what: str) -> FileIdentity | Tree:
        """What a local file or directory is."""
        if path in self._trees:
            return self._trees[path]
        if os.path.isdir(path):  # noqa: PTH112 (Path.is_dir raises where it may not look)
            return self._trees.setdefault(path, read_tree(path, self.digests, what))
        return self.digests.file(path, what)

    def _local(self, name: str, path: Path, readonly: bool) -> ResolvedInput:
        found = self.local(path, f"input {shown(name)}")
        if isinstance(found, Tree):
            return ResolvedInput(
                name, "tree", found.component(), readonly, path, digest=found.digest
            )
        return ResolvedInput(
            name,
            "file",
            found.component(),
            readonly,
            path,
            digest=found.digest,
            size=found.size,
            executable=found.executable,
        )

    def _remote(self, name: str, remote: Remote, readonly: bool) -> ResolvedInput:
        component = remote_component(remote, self.remotes)
        return ResolvedInput(name, "remote", component, readonly, remote=remote.path)


def job_of(source: Origin) -> Job | None:
    """The job object whose output `source` is."""
    return source.job if isinstance(source, JobOutput) else None


def _content(name: str, content: bytes, readonly: bool) -> ResolvedInput:
    found = FileIdentity(hashlib.sha256(content).hexdigest(), len(content))
    return ResolvedInput(
        name,
        "file",
        found.component(),
        readonly,
        content=content,
        digest=found.digest,
        size=found.size,
    )


def _output(name: str, signature: str, output: str, readonly: bool) -> ResolvedInput:
    return ResolvedInput(
        name,
        "output",
        output_component(signature, output),
        readonly,
        signature=signature,
        output=output,
    )

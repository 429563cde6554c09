"""This stack's workflow file in the repository, as a commit on the default branch.

The file is made from `workflows/deploy-branch.yaml` or `workflows/deploy-tag.yaml`: words such as "__STACK__" in it, in
their quotes, are replaced by the stack's values. Files that golive did not make are never touched.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import yaml
from pulumi_github import RepositoryFile

from components.settings import DeployFrom, GitHub
from components.settings import Pipeline as Wishes

TEMPLATES = Path(__file__).parent.parent / "workflows"
FOLDER = ".github/workflows"
MESSAGE = "Deploy with golive"  # never another one: a changed message is a commit of its own


@dataclass(frozen=True)
class PipelineArgs:
    """`after`: the environment, its policy and secrets, without which GitHub would make it itself, unprotected."""

    github: GitHub
    pipeline: Wishes
    deploy_from: DeployFrom
    environment: str
    stack: str
    after: Sequence[pulumi.Resource] = ()


class Pipeline(pulumi.ComponentResource):
    """The committed files, one commit after the other. Out: `files`; empty where no workflows are wanted."""

    files: list[RepositoryFile]

    def __init__(self, name: str, args: PipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("golive:github:Pipeline", name, None, opts)
        self.files = []
        wanted = files(args.stack, args.environment, args.deploy_from) if args.pipeline.workflows else {}
        for path, content in wanted.items():
            before: list[pulumi.Resource] = [*args.after, *self.files[-1:]]  # two commits at a time would race (409)
            self.files.append(
                RepositoryFile(
                    f"{name}-{Path(path).stem}",
                    repository=args.github.repository,
                    file=path,
                    content=content,
                    commit_message=MESSAGE,
                    # No author, so that GitHub signs the commit; no branch, so that it is the default one.
                    overwrite_on_create=False,  # what is there already is someone else's: refused
                    opts=pulumi.ResourceOptions(parent=self, depends_on=before),
                )
            )
        self.register_outputs({"files": list(wanted)})


def files(stack: str, environment: str, deploy_from: DeployFrom) -> dict[str, str]:
    """The stack's workflow files: content by path. Raises RunError for a value that would run as an expression."""
    template = TEMPLATES / ("deploy-branch.yaml" if deploy_from.branch else "deploy-tag.yaml")
    values = {
        "NAME": f"golive {stack}",
        "GROUP": f"golive-{stack}",
        "STACK": stack,
        "ENVIRONMENT": environment,
        "REF": _literal(deploy_from.branch or deploy_from.tag or ""),
    }
    return {f"{FOLDER}/golive-{stack}.yaml": filled(template.read_text(encoding="utf-8"), values)}


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with every "__WORD__" replaced by its value as a quoted YAML text; nothing else changes."""
    for word, value in values.items():
        if "${{" in value:
            raise pulumi.RunError(f"{value} would run as an expression in a workflow. Rename it.")
        quoted = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=sys.maxsize).strip()
        template = template.replace(f'"__{word}__"', quoted)
    return template


def _literal(pattern: str) -> str:
    """A ref for a workflow's filter, where + and a leading ! would have a meaning of their own; * keeps its."""
    return re.sub(r"^!|\+", lambda found: "\\" + found[0], pattern)

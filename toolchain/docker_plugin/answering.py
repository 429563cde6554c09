"""Failures as a plugin answers them: in one line, without secrets, and with what is left in between.

Source: sdk/go/common/util/rpcutil/rpcerror of https://github.com/pulumi/pulumi
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from toolchain.docker_plugin.failure import DockerError, NotUpError, scrub
from toolchain.docker_plugin.wire import Properties, encode

DETAILS = "grpc-status-details-bin"


@contextmanager
def answering(context: Any, doing: str, given: Properties) -> Iterator[None]:
    """Answers a failure in one line, without any secret of `given`."""
    try:
        yield
    except NotUpError as failure:
        _abort_half_made(context, scrub(str(failure), given.secret_texts), failure, given)
    except DockerError as failure:
        context.abort(grpc.StatusCode.UNKNOWN, scrub(str(failure), given.secret_texts))
    except Exception as error:  # what is not foreseen must not print values either
        where = traceback.extract_tb(error.__traceback__)[-1]
        context.abort(
            grpc.StatusCode.INTERNAL, f"{doing}: {type(error).__name__} in {where.filename}, line {where.lineno}"
        )


def _abort_half_made(context: Any, reason: str, failure: NotUpError, given: Properties) -> NoReturn:
    """Answers so that the engine keeps the resource in the state, and updates it next time."""
    detail = any_pb2.Any()
    detail.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=failure.id, properties=encode(failure.properties, given.secret), reasons=[reason]
        )
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason, details=[detail])
    context.set_trailing_metadata(((DETAILS, status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, reason)
    raise AssertionError("abort raises")

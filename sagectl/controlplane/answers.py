"""One AWS JSON call, from its target and body to a status, headers and a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sagectl.controlplane import faults
from sagectl.controlplane.wire import TARGET_PREFIX, decode, encode, encode_fault, headers
from sagectl.errors import ServiceError, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.schema.model import ServiceModel

Answer = tuple[int, dict[str, str], bytes]


class Service(Protocol):
    """What stands behind a door: a control plane, or one that makes trouble on purpose."""

    @property
    def model(self) -> ServiceModel: ...

    def handle(
        self, operation: str, params: Mapping[str, Any], *, account: str, region: str
    ) -> dict[str, Any]: ...


def answer(
    plane: Service, target: str, body: bytes, *, account: str, region: str, request_id: str
) -> Answer:
    """What the service would say to ``body`` sent to ``target`` (``SageMaker.ListWorkteams``).

    Never raises: what goes wrong in the control plane is a 500 InternalFailure, and is logged.
    """
    try:
        return _answer(plane, target, body, account, region, request_id)
    except ServiceError as fault:
        return encode_fault(fault, request_id)
    except StateError as error:
        text = f"{error.message} {error.hint or ''}".rstrip()
        return encode_fault(faults.internal(text), request_id)
    except Exception as error:
        # A bug. The client must get an answer, as from a service, and others are served on.
        import logging

        logging.getLogger("sagectl").exception("request %s to %s", request_id, target)
        text = f"{type(error).__name__}: {error}"
        return encode_fault(faults.internal(text), request_id)


def _answer(
    plane: Service, target: str, body: bytes, account: str, region: str, request_id: str
) -> Answer:
    operation = target.removeprefix(TARGET_PREFIX)
    if not target.startswith(TARGET_PREFIX) or operation not in plane.model:
        raise faults.unknown_operation(target)
    params = decode(operation, body, plane.model)
    result = plane.handle(operation, params, account=account, region=region)
    said = encode(operation, result, plane.model)
    return 200, headers(said, request_id), said

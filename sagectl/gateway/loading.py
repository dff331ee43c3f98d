"""botocore's data files, read only as far as calling SageMaker takes.

A stock client looks through four hundred service folders, parses 425 operations where 26 are
called, and 1.2 MB of endpoints of other services: four fifths of what it costs to make. What
this loader gives instead is the same data, pruned: the endpoint of every region of every
partition is the stock one, and STS, SSO and sign-in, which credentials may need, are whole.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader

from sagectl.schema import cachefile, pruning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.session import Session

SERVICE = "sagemaker"
_MODEL = "service-2"
# Services whose endpoints a client of SageMaker may look up, itself or for its credentials.
_LOOKED_UP = frozenset(("api.sagemaker", SERVICE, "sts", "sso", "portal.sso", "oidc", "signin"))
_ENDPOINTS = "endpoints"


class PrunedLoader(Loader):  # type: ignore[misc]
    """Gives one part of SageMaker's model and pruned endpoints; all else as it is."""

    def __init__(self, cache: Path, part: str) -> None:
        super().__init__()
        self._prunings = cache
        self._part = part
        self._version = pruning.source().parent.name

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        if service_name != SERVICE or api_version not in (None, self._version):
            return super().load_service_model(service_name, type_name, api_version)
        if type_name == _MODEL:
            return pruning.loader(self._prunings)(self._part)
        # Straight to the file: the stock way first lists every service there is.
        model = self.load_data(f"{SERVICE}/{self._version}/{type_name}")
        extras = self._find_extras(SERVICE, type_name, self._version)
        self._extras_processor.process(model, extras)
        return model

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        if name != _ENDPOINTS:
            found: tuple[Any, str] = super().load_data_with_path(name)
            return found
        source = Path(self.BUILTIN_DATA_PATH, f"{_ENDPOINTS}.json")
        file = self._prunings / f"{_ENDPOINTS}-{cachefile.key(source)}.json"
        if (known := cachefile.kept(file)) is None:
            known = _pruned(super().load_data_with_path(name)[0])
            cachefile.keep(file, known)
        return known, str(source.with_suffix(""))


def _pruned(endpoints: Mapping[str, Any]) -> dict[str, Any]:
    """``endpoints`` with every partition and region, and the services that are looked up."""

    def services(partition: Mapping[str, Any]) -> dict[str, Any]:
        found = partition["services"]
        return {name: found[name] for name in found if name in _LOOKED_UP}

    partitions = [{**each, "services": services(each)} for each in endpoints["partitions"]]
    return {**endpoints, "partitions": partitions}


def prune(session: Session, *, cache: Path, part: str) -> None:
    """Have the clients of SageMaker that ``session`` makes know one part of the model.

    Does nothing where data files of the user's own could say otherwise than botocore's, or
    where botocore's are not where they always are.
    """
    own = Path(Loader.CUSTOMER_DATA_PATH)
    builtin = Path(Loader.BUILTIN_DATA_PATH)
    if own.is_dir() or session.get_config_variable("data_path"):
        return
    model = pruning.source()
    extras = any(model.parent.glob(f"{_MODEL}.*-extras.json*"))
    if extras or model.parents[2] != builtin or not (builtin / f"{_ENDPOINTS}.json").is_file():
        return
    session.register_component("data_loader", PrunedLoader(cache, part))

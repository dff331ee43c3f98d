"""Secret values: read where they are kept, and remembered only as fingerprints.

No describe operation answers a secret, so that the planner keeps a keyed hash (HMAC-SHA-256) of
the last value it applied to each field; the key never leaves the state directory.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError, NotFoundError, StateError
from sagectl.manifest.document import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_KEY_BYTES = 32


class UnreadableSecretError(InputError):
    """The value of a secret cannot be had."""


class Secrets:
    """The secret values of one backend.

    ``scope`` tells backends apart in what is remembered; ``fetch`` answers the text of a
    Secrets Manager secret by name or ARN, in a region.
    """

    def __init__(
        self,
        state: Path,
        scope: str,
        environ: Mapping[str, str],
        fetch: Callable[[str, str], str],
    ) -> None:
        self._folder = state / "secrets"
        self._scope = scope
        self._environ = environ
        self._fetch = fetch
        self._read: dict[tuple[str, str, str], str] = {}

    def value(self, held: Any, region: str) -> str:
        """The text of a Secret, read once; plain text is its own value.

        Raises UnreadableSecretError.
        """
        if not isinstance(held, Secret):
            return str(held)
        known = (held.source, held.place, region)
        if known not in self._read:
            self._read[known] = _READERS[held.source](self, held, region)
        return self._read[known]

    def is_known(self, arn: str, path: str) -> bool:
        """Whether a value was ever applied to the field from here."""
        return self._id(arn, path) in self._remembered()

    def is_same(self, arn: str, path: str, value: str) -> bool:
        """Whether ``value`` is the one last applied to the field from here."""
        import hmac

        name = self._id(arn, path)
        known = self._remembered().get(name)
        return known is not None and hmac.compare_digest(known, self._print(name, value))

    def remember(self, arn: str, path: str, value: str) -> None:
        """``value`` was applied to the field. Raises StateError where it cannot be kept."""
        name = self._id(arn, path)
        with self._alone():
            self._keep({**self._remembered(), name: self._print(name, value)})

    def forget(self) -> None:
        """Nothing is known of this backend any more."""
        if self._remembered():
            with self._alone():
                known = self._remembered().items()
                mine = f"{self._scope} "
                self._keep({key: value for key, value in known if not key.startswith(mine)})

    def _keep(self, known: Mapping[str, str]) -> None:
        incoming = self._folder / f"applied.{os.getpid()}.json"
        incoming.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        incoming.replace(self._folder / "applied.json")

    def _id(self, arn: str, path: str) -> str:
        return f"{self._scope} {arn} {path}"

    def _print(self, name: str, value: str) -> str:
        import hmac

        # The name is part of it: equal values of two fields leave no equal marks.
        return hmac.new(self._key(), f"{name}\0{value}".encode(), "sha256").hexdigest()

    def _remembered(self) -> dict[str, str]:
        place = self._folder / "applied.json"
        try:
            found: dict[str, str] = json.loads(place.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StateError(
                f"{place} cannot be read: {error}", hint="Remove it; secrets are then unknown."
            ) from error
        return found

    def _key(self) -> bytes:
        with self._kept():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = self._folder / "key"
            try:
                descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                return place.read_bytes()
            key = os.urandom(_KEY_BYTES)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
            return key

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time, of all threads and processes."""
        import fcntl

        self._key()
        with self._kept(), (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateError(
                f"{self._folder} cannot be written to: {error.strerror}",
                hint="Make the state directory writable, or set SAGECTL_HOME.",
            ) from error


def _of_environment(kept: Secrets, held: Secret, _: str) -> str:
    value = kept._environ.get(held.place)
    if not value:
        raise UnreadableSecretError(
            f"the environment variable {held.place} is not set", hint=f"export {held.place}=..."
        )
    return value


def _of_file(_: Secrets, held: Secret, __: str) -> str:
    try:
        text = Path(held.place).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UnreadableSecretError(
            f"{held.place} cannot be read: {error}",
            hint="The path is relative to the file that says it.",
        ) from error
    # Editors and echo end a file with a newline that is no part of a secret.
    return text.removesuffix("\n").removesuffix("\r")


def _of_service(kept: Secrets, held: Secret, region: str) -> str:
    try:
        return kept._fetch(held.place, region)
    except NotFoundError as error:
        raise UnreadableSecretError(
            f"Secrets Manager has no secret {held.place} in {region}: {error.message}",
            hint="Check its name and region, or give its ARN.",
        ) from error


_READERS: Mapping[str, Callable[[Secrets, Secret, str], str]] = {
    "env": _of_environment,
    "file": _of_file,
    "secret": _of_service,
}

"""Settings: flags over environment over config file over defaults."""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BACKENDS = ("aws", "local")


class Home(NamedTuple):
    """Where sagectl keeps its things; nothing is made until it is written to.

    ``SAGECTL_HOME`` puts all of it under one directory, else the XDG base directories hold it.
    """

    config: Path
    state: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def crash(self) -> Path:
        return self.state / "crash"


def home(environ: Mapping[str, str]) -> Home:
    """The directories that ``environ`` asks for."""
    from pathlib import Path

    if root := environ.get("SAGECTL_HOME"):
        base = Path(root).expanduser().absolute()
        return Home(config=base, state=base, cache=base / "cache")
    user = Path(environ.get("HOME") or Path.home())

    def xdg(variable: str, default: str) -> Path:
        # The specification has relative paths in these variables ignored.
        given = environ.get(variable, "")
        return (Path(given) if given.startswith("/") else user / default) / "sagectl"

    return Home(
        config=xdg("XDG_CONFIG_HOME", ".config"),
        state=xdg("XDG_STATE_HOME", ".local/state"),
        cache=xdg("XDG_CACHE_HOME", ".cache"),
    )


def make_private(folder: Path) -> None:
    """Make ``folder``, and what is missing above it, for this user alone.

    ``mkdir(mode=0o700, parents=True)`` leaves the parents open to others.
    """
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


class Settings(NamedTuple):
    """What every command may be told; ``None`` leaves the choice to the AWS configuration.

    ``origins`` tells where each value came from, for messages and ``config view``.
    """

    home: Home
    backend: str = "aws"
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    upload_to: str | None = None
    output: str = "table"
    query: str | None = None
    color: str = "auto"
    progress: str = "auto"
    strict: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    workers: int = 1
    origins: Mapping[str, str] = MappingProxyType({})

    @property
    def is_local(self) -> bool:
        return self.backend == "local"


# Setting -> the environment variables that may hold it, first found wins.
ENVIRONMENT = {
    "backend": ("SAGECTL_BACKEND",),
    "region": ("SAGECTL_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
    "profile": ("SAGECTL_PROFILE", "AWS_PROFILE"),
    "endpoint_url": (
        "SAGECTL_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SAGEMAKER",
        "AWS_ENDPOINT_URL",
    ),
    "upload_to": ("SAGECTL_UPLOAD_TO",),
    "output": ("SAGECTL_OUTPUT",),
    "color": ("SAGECTL_COLOR",),
    "progress": ("SAGECTL_PROGRESS",),
    "strict": ("SAGECTL_STRICT",),
    "debug": ("SAGECTL_DEBUG",),
    "workers": ("SAGECTL_WORKERS",),
}
# What a config file may set; its tables of this name hold settings for one --profile each.
NAMES = frozenset(Settings._fields) - {"home", "origins", "query"}
PROFILES = "profiles"
CHOICES = {
    "backend": BACKENDS,
    "output": ("table", "wide", "json", "yaml", "jsonl", "csv", "tsv", "name"),
    "color": ("auto", "always", "never"),
    "progress": ("auto", "tty", "plain", "json", "none"),
}
_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off"))


def settings(flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force; a flag of value ``None`` was not given.

    Raises InputError for a value that a setting cannot take, naming where it came from.
    """
    environ = os.environ if environ is None else environ
    place = home(environ)
    chosen: dict[str, Any] = {}
    origins: dict[str, str] = {}

    def take(name: str, value: Any, origin: str) -> None:
        chosen[name] = _value(name, value, origin)
        origins[name] = origin

    written = _config_file(place.config_file)
    profiles = written.pop(PROFILES, {})
    for name, value in written.items():
        take(name, value, str(place.config_file))
    asked = _first(environ, "profile")
    chosen_profile = (
        flags.get("profile") or (asked and environ[asked]) or written.get("profile")
    )
    own = profiles.get(chosen_profile)
    for name, value in (own or {}).items():
        take(name, value, f"{place.config_file} [{PROFILES}.{chosen_profile}]")
    for name in ENVIRONMENT:
        if found := _first(environ, name):
            take(name, environ[found], found)
    for name, value in flags.items():
        if value is not None:
            take(name, value, f"--{name.replace('_', '-')}")
    if own is not None:
        # What was named is ours; the profile of AWS is the one that it names, or none.
        chosen["profile"] = own.get("profile")
    # An endpoint given by hand means "talk to this", whatever the environment prefers.
    if flags.get("endpoint_url") and flags.get("backend") is None:
        take("backend", "aws", "--endpoint-url")
    return Settings(home=place, **chosen, origins=origins)


def _first(environ: Mapping[str, str], name: str) -> str | None:
    """The variable that holds a setting, if one does."""
    return next((each for each in ENVIRONMENT[name] if environ.get(each)), None)


def _config_file(path: Path) -> dict[str, Any]:
    """The settings of the file, and its profiles. Raises InputError for any it cannot have."""
    if not path.is_file():
        return {}
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}", hint="The file is TOML.") from error
    profiles = table.get(PROFILES, {})
    if not isinstance(profiles, dict) or not all(
        isinstance(profile, dict) for profile in profiles.values()
    ):
        raise InputError(f"{path}: {PROFILES} are tables, such as [{PROFILES}.staging]")
    _require_known(path, {name: item for name, item in table.items() if name != PROFILES})
    for profile in profiles.values():
        _require_known(path, profile)
    return table


def _require_known(path: Path, table: Mapping[str, Any]) -> None:
    for name in table:
        if name not in NAMES:
            raise InputError(
                f"{path}: {name!r} is not a setting",
                hint=f"Settings are {', '.join(sorted(NAMES))}.",
            )


def _value(name: str, value: Any, origin: str) -> Any:
    if name in CHOICES and value not in CHOICES[name]:
        raise InputError(
            f"{origin}: {value!r} is not a value of {name}",
            hint=f"Use one of {', '.join(CHOICES[name])}.",
        )
    if name in ("strict", "debug", "quiet", "verbose") and not isinstance(value, bool):
        word = str(value).lower()
        if word not in _TRUE | _FALSE:
            raise InputError(f"{origin}: {value!r} is neither true nor false")
        return word in _TRUE
    if name == "workers":
        if not str(value).isdecimal():
            raise InputError(f"{origin}: {value!r} is not a number of workers (0 or more)")
        return int(value)
    return value

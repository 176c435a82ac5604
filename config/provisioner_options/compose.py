"""Options of a project of Docker Compose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

TIME_LIMIT_DEFAULT_S: Final = 600
TIME_LIMIT_MAX_S: Final = 3_600
SCALE_MAX: Final = 100
MEMORY_LIMIT_MIN_MIB: Final = 6
"""What the engine itself takes as the least."""
MEMORY_LIMIT_MAX_MIB: Final = 16_777_216
CPUS_MAX: Final = "1024"
PATH_CHARACTERS_MAX: Final = 1_024
DOMAIN_CHARACTERS_MAX: Final = 50

service_name: Final = values.matching(r"[a-zA-Z0-9._-]{1,63}", "a service's or profile's name such as web")
project_name: Final = values.matching(
    r"[a-z0-9][a-z0-9_-]{0,62}", "a project's name such as shop-web: a-z, 0-9, _ and -, a letter or digit first"
)
engine_address: Final = values.matching(
    r"(unix|tcp|ssh|http|https)://[!-~]{1,200}", "an engine's address such as ssh://deploy@build.example"
)


class ComposeOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One compose file as one component."""

    file: str
    """The compose file, an absolute path."""
    project: str = ""
    """The project's name; "" is `solvent-<plan>-<component>`."""
    profile: str | None = None
    service: str | None = None
    """The service that `scale` and the limits are for; without it the limits hold for each service."""
    scale: int | None = None
    """How many containers of `service`; None is what the file says."""
    memory_limit_mib: int | None = None
    """Of each container."""
    cpus: str | None = None
    """Of each container: a decimal number of processors as text, such as 0.5."""
    remove_volumes: bool = False
    """Whether decommissioning removes the named volumes too; never those of a stateful component."""
    docker_host: str | None = None
    """The engine's address; None is the one that the daemon's own environment names."""
    time_limit_s: int = TIME_LIMIT_DEFAULT_S
    """How long one call of `docker` may run: ten minutes, since images are pulled within it."""


def compose_options(options: Mapping[str, Any]) -> ComposeOptions:
    """The options of a loaded plan's `compose` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), ComposeOptions)


def _read(fields: Fields, context: Context) -> ComposeOptions:
    service = fields.optional("service", service_name, None)
    if service is None and fields.has("scale"):
        fields.collector.report(fields.place_of("scale"), "service: the one that is scaled", "scale alone")
    return ComposeOptions(
        file=_absolute(fields, context),
        project=fields.optional("project", project_name, ""),
        profile=fields.optional("profile", service_name, None),
        service=service,
        scale=fields.optional("scale", values.integer(1, SCALE_MAX, "containers"), None),
        memory_limit_mib=fields.optional(
            "memory_limit_mib", values.integer(MEMORY_LIMIT_MIN_MIB, MEMORY_LIMIT_MAX_MIB, "MiB"), None
        ),
        cpus=fields.optional("cpus", _processors, None),
        remove_volumes=fields.optional("remove_volumes", values.boolean, default=False),
        docker_host=fields.optional("docker_host", engine_address, None),
        time_limit_s=fields.optional(
            "time_limit_s", values.integer(1, TIME_LIMIT_MAX_S, "seconds"), TIME_LIMIT_DEFAULT_S
        ),
    )


def _absolute(fields: Fields, context: Context) -> str:
    """The compose file's path, a relative one against the plan's own folder. A plan from a file must find it there."""
    path = fields.required("file", _path)
    if path is None:
        return ""
    if context.folder is None:
        if path.startswith("/"):
            return path
        expected = "an absolute path, since this plan was read from no file"
        fields.collector.report(fields.place_of("file"), expected, shown(path))
        return ""
    absolute = context.folder.absolute() / path
    try:
        with absolute.open("rb"):
            return str(absolute)
    except OSError as error:
        found = f"{str(absolute)!r}: {error.strerror}"  # not cut short: the file's own name is at its end
        fields.collector.report(fields.place_of("file"), "a readable compose file: make it, or mend the path", found)
        return ""


def _path(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > PATH_CHARACTERS_MAX:
        raise ReadingError("a compose file's path such as shop.compose.yaml", shown(text))
    return text


def _processors(text: str) -> str:
    values.fraction(above="0", at_most=CPUS_MAX)(text)
    return text.lstrip("+")


def _provider(options: ComposeOptions) -> str:
    """One engine is one failure domain, named without user and port."""
    if options.docker_host is None:
        return "docker"
    host = options.docker_host.partition("://")[2].rpartition("@")[2].partition(":")[0]
    return "docker/" + re.sub(r"[^a-z0-9._/-]", "-", host.lower()).strip("/")[:DOMAIN_CHARACTERS_MAX]


KIND: Final = OptionsKind(_read, _provider, place=("project", "docker_host"))

"""boto3's clients: made when first asked for, one for each service and region, never retrying by themselves."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from adapters.provisioners.aws.whole import require_whole
from config.provisioner_options.aws import REGION_OF_GLOBAL_SERVICES

CONNECT_LIMIT_S: Final = 5
READ_LIMIT_S: Final = 25
"""Below the limit of a call, so that a thread ends before nobody waits for it any more."""
CONNECTIONS_MAX: Final = 10
ENDPOINT_VARIABLE: Final = "AWS_ENDPOINT_URL"
_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "aws_access_key_id",
    "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key",
    "AWS_SESSION_TOKEN": "aws_session_token",
}


class Clients:
    """All clients of one adapter. Every method blocks, and may be called from several threads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` gives endpoint, credentials or profile; what it lacks comes from boto3's own chain."""
        self._environment = environment
        self._session: boto3.Session | None = None
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()  # making clients is not safe in threads, using them is

    @property
    def own_endpoint(self) -> str:
        """The address that stands in for AWS, such as an emulator's; "" for AWS itself."""
        return self._environment.get(ENDPOINT_VARIABLE, "")

    def client(self, service: str, region: str) -> Any:
        """The client of one service in one region. Raises what botocore raises."""
        with self._lock:
            made = self._made.get((service, region))
            if made is None:
                made = self._made[service, region] = self._opened().client(  # type: ignore[call-overload]  # the overloads list each service
                    service,
                    region_name=region,
                    endpoint_url=self.own_endpoint or None,
                    config=Config(
                        connect_timeout=CONNECT_LIMIT_S,
                        read_timeout=READ_LIMIT_S,
                        max_pool_connections=CONNECTIONS_MAX,
                        # Repeating is the actor's decision: it looks first.
                        retries={"total_max_attempts": 1},
                    ),
                )
                made.meta.events.register("before-parse", require_whole)
            return made

    def has_credentials(self) -> bool:
        """Whether any credentials are found; asks the machine's own metadata service where nothing else has them."""
        with self._lock:
            return self._opened().get_credentials() is not None

    def regions(self, service: str) -> frozenset[str]:
        """The regions of a service, of all partitions, as the installed boto3 knows them; nothing is asked."""
        with self._lock:
            session = self._opened()
            partitions = session.get_available_partitions()
            known = (session.get_available_regions(service, partition_name=each) for each in partitions)
            return frozenset(region for regions in known for region in regions) | {REGION_OF_GLOBAL_SERVICES}

    def close(self) -> None:
        """Close the connections; a client asked for later is made anew."""
        with self._lock:
            made, self._made = self._made, {}
        for client in made.values():
            client.close()

    def forget(self) -> None:
        """Read the credentials anew with the next call: somebody may have renewed them."""
        with self._lock:
            self._session = None
        self.close()

    def _opened(self) -> boto3.Session:
        if self._session is None:
            core = botocore.session.Session(profile=self._environment.get("AWS_PROFILE"))
            core.register_component("data_loader", _service_models())
            given = {
                name: self._environment[variable]
                for variable, name in _CREDENTIALS.items()
                if "AWS_ACCESS_KEY_ID" in self._environment and variable in self._environment
            }
            self._session = boto3.Session(**given, botocore_session=core)
        return self._session


@cache
def _service_models() -> Loader:
    """The descriptions of AWS's services: megabytes of JSON, read once for all kinds."""
    return Loader(extra_search_paths=None, include_default_search_paths=True)

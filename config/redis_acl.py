"""Who may do what in the Redis of an instance: the users of an ACL file, each with no more than its part needs.

Redis 7 tells reading a key from writing it; before that, a user may do to each of its keys whatever it may do at all.
So one who writes somewhere may read nothing there, or everybody could write what they only read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from config.secret import Secret
from config.settings import DEFAULT_INSTANCE, key_prefix

SEPARATING_VERSION: Final = 7
"""The first that tells reading a key from writing it."""
VERSIONS: Final = (6, SEPARATING_VERSION)
SINGLE_OPERATOR: Final = "operator"

PUBLISHED: Final = ("events", "mrr", "replies", "rejected")
"""The outgoing streams."""
STATE: Final = ("status", "level", "revenue", "component:*")
APPLICATIONS: Final = ("budget:*", "dial:*")
"""What provisioners keep for applications."""
MEASURED: Final = "dial:*:measured"
"""What an application tells of its dials."""
DAEMONS_OWN: Final = ("payments", "commands", "owner", "doctor", *PUBLISHED, *STATE, *APPLICATIONS)

CONNECTING: Final = ("client|setname", "ping", "select", "role")
"""`role` is asked where sentinels named the server, which may no longer be the primary."""
READING: Final = ("hgetall", "hget", "hmget", "xread", "xrange", "xrevrange", "xlen", "xinfo|stream", "type")
ASKING_WHO: Final = ("ping", "acl|whoami", "select")
STREAMS_COMMANDS: Final = (
    *("xadd", "xread", "xrange", "xrevrange", "xlen", "xinfo|stream", "xtrim"),
    *("hset", "hsetnx", "hmget", "hget", "hgetall", "hdel", "del", "exists", "type"),
    *("watch", "unwatch", "multi", "exec", "discard"),
)
KEYS_COMMANDS: Final = ("eval", "time", "scan", "hincrby", "pexpire")
"""What budgets and dials take: their scripts, and a list of the keys of their kind."""
SPENDING: Final = (
    *("eval", "evalsha", "script|load", "time", "hgetall", "hget", "hmget", "hset", "hdel", "pexpire"),
    *("zadd", "zscore", "zcard", "zrange", "zrangebyscore", "zrem"),
)
"""What `spend.lua` calls, and what an application does with a dial."""


class AclUser(msgspec.Struct, frozen=True):
    """One user of the file."""

    name: str
    part: str
    """What it is for, in words."""
    rules: tuple[str, ...]
    """What it may do, after its password."""

    def line(self, password_hash: str) -> str:
        """Its line; a user that has no more rules than none can do nothing."""
        return " ".join(("user", self.name, "on", f"#{password_hash}", *_NOTHING, *self.rules))


_NOTHING: Final = ("resetkeys", "resetchannels", "-@all")
DEFAULT_OFF: Final = " ".join(("user", "default", "off", *_NOTHING))
"""Whoever names no user is nobody."""


_ALWAYS: Final = (
    (
        "XADD may name an id and MAXLEN: Redis cannot forbid that. An operator can trim, or give odd ids to, their own "
        "command stream and nobody else's; a sender of payments can trim the stream of payments before they are read."
    ),
    (
        "A sender of payments, or an operator on their own stream, can name the greatest id there is "
        "(XADD … 18446744073709551615-18446744073709551615): then Redis takes no further entry. What mends it: DEL of "
        "the stream as the administrator, which the daemon notices within seconds; then send the last payments again: "
        "what was counted is a duplicate."
    ),
    "The application runs scripts on the budgets and so can change them; it is trusted with its own spending.",
    "The daemon's user, who lists budgets and dials with SCAN, sees the names of all keys of this Redis.",
)
_BEFORE_7: Final = (
    (
        "Redis 6.2 does not tell reading a key from writing it: operators only write commands here, and read state and "
        "replies as the dashboard's user."
    ),
    "On Redis 6.2 the application can also change the dials that it reads.",
)
_NOBODY_LOADS: Final = (
    "Nobody in this file may load another: --administrator NAME adds one who may, else restart Redis to do so."
)


class NameTakenError(Exception):
    """Two users would have one name; the message says which."""


def acl_users(
    *, version: int, instance: str, principals: Iterable[str], daemon: str = "", administrator: str = ""
) -> tuple[AclUser, ...]:
    """The users of an instance, the daemon first. `daemon` is its user where the settings name one.

    Raises `NameTakenError`.
    """
    names = tuple(principals)
    prefix = key_prefix(instance)
    users = [
        _daemon(daemon or user_name(instance), prefix, names),
        *(_operator(user_name(instance, name), prefix, f"commands:{name}", version) for name in names),
    ]
    if not names:
        users.append(_operator(user_name(instance, SINGLE_OPERATOR), prefix, "commands", version))
    users += [
        AclUser(
            user_name(instance, "payments", own=True),
            "sends payments",
            (*_keys(prefix, ("payments",), "W", version), *_commands("xadd", "multi", "exec", *CONNECTING)),
        ),
        _application(user_name(instance, "application", own=True), prefix, version),
        AclUser(
            user_name(instance, "dashboard", own=True),
            "reads the state and the outgoing streams",
            (
                *_keys(prefix, (*STATE, *PUBLISHED, *APPLICATIONS), "R", version),
                *_commands(*READING, *ASKING_WHO, "client|setname"),
            ),
        ),
    ]
    if administrator:
        users.append(AclUser(administrator, "may do everything", ("~*", "&*", "+@all")))
    _refuse_twice(users)
    return tuple(users)


def user_name(instance: str, part: str = "", *, own: bool = False) -> str:
    """`alice` and `solvent-payments` for the default instance, `shop-alice` and `solvent-shop-payments` for another."""
    named = () if instance == DEFAULT_INSTANCE else (instance,)
    return "-".join((*(("solvent",) if own or not part else ()), *named, *((part,) if part else ())))


def password_hash(password: Secret) -> str:
    """As an ACL file holds a password."""
    return hashlib.sha256(password.reveal().encode()).hexdigest()


def acl_file(users: Iterable[AclUser], hashes: Mapping[str, str]) -> str:
    """The file: one line a user, and no comment, for Redis allows none."""
    return "".join(f"{line}\n" for line in (DEFAULT_OFF, *(user.line(hashes[user.name]) for user in users)))


def notes(version: int, administrator: str) -> tuple[str, ...]:
    """What the file cannot keep anybody from, a sentence each."""
    found = list(_ALWAYS)
    if version < SEPARATING_VERSION:
        found += _BEFORE_7
    if not administrator:
        found.append(_NOBODY_LOADS)
    return tuple(found)


def _daemon(name: str, prefix: str, principals: tuple[str, ...]) -> AclUser:
    keys = (*DAEMONS_OWN, *(f"commands:{each}" for each in principals))
    commands = (*CONNECTING, *STREAMS_COMMANDS, *KEYS_COMMANDS, "info")
    return AclUser(name, "the daemon", (*(f"~{prefix}{key}" for key in keys), *_commands(*commands)))


def _operator(name: str, prefix: str, stream: str, version: int) -> AclUser:
    written = _keys(prefix, (stream,), "W", version)
    if version < SEPARATING_VERSION:
        return AclUser(name, f"commands on {prefix}{stream}", (*written, *_commands("xadd", *ASKING_WHO)))
    read = _keys(prefix, (*STATE, *PUBLISHED, *APPLICATIONS), "R", version)
    rules = (*written, *read, *_commands("xadd", *READING, *ASKING_WHO, "client|setname"))
    return AclUser(name, f"commands on {prefix}{stream}, and reads", rules)


def _application(name: str, prefix: str, version: int) -> AclUser:
    keys = (
        *_keys(prefix, ("budget:*", MEASURED), "RW", version),
        *_keys(prefix, ("dial:*",), "R", version),
    )
    return AclUser(name, "spends from budgets, reads dials", (*keys, *_commands(*SPENDING, *CONNECTING)))


def _keys(prefix: str, names: Iterable[str], access: str, version: int) -> tuple[str, ...]:
    sign = "~" if access == "RW" or version < SEPARATING_VERSION else f"%{access}~"
    return tuple(f"{sign}{prefix}{name}" for name in names)


def _commands(*names: str) -> tuple[str, ...]:
    return tuple(f"+{name}" for name in dict.fromkeys(names))


def _refuse_twice(users: Iterable[AclUser]) -> None:
    seen = {"default": "Redis itself"}
    for user in users:
        if user.name in seen:
            raise NameTakenError(
                f"the user {user.name} would be both for {seen[user.name]} and for {user.part}: rename the principal, "
                "redis_access.user or the administrator"
            )
        seen[user.name] = user.part

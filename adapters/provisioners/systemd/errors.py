"""D-Bus error names in the three words of the port."""

from __future__ import annotations

from typing import Final

from machines.ports.faults import Ambiguous, CallError, Permanent, Transient

_DBUS: Final = "org.freedesktop.DBus.Error."
_SYSTEMD: Final = "org.freedesktop.systemd1."

_DENIED: Final = frozenset({_DBUS + "AccessDenied", _DBUS + "AuthFailed", _DBUS + "InteractiveAuthorizationRequired"})
_REFUSED_FOR_NOW: Final = frozenset(
    {
        _DBUS + "ServiceUnknown",
        _DBUS + "NameHasNoOwner",
        _DBUS + "NoServer",
        _DBUS + "LimitsExceeded",
        _DBUS + "NoMemory",
        _SYSTEMD + "ShuttingDown",
        _SYSTEMD + "TransactionIsDestructive",
        _SYSTEMD + "TransactionJobsConflicting",
    }
)
_REFUSED_FOR_GOOD: Final = {
    _SYSTEMD + "NoSuchUnit": "write its unit file and run `systemctl daemon-reload`",
    _SYSTEMD + "UnitMasked": "unmask it with `systemctl unmask`",
    _SYSTEMD + "LoadFailed": "`systemctl status` says what is wrong with its file",
    _SYSTEMD + "BadUnitSetting": "`systemd-analyze verify` says what is wrong with its file",
    _SYSTEMD + "OnlyByDependency": "RefuseManualStart= or RefuseManualStop= stands in its file",
    _SYSTEMD + "JobTypeNotApplicable": "name a unit that can be started and stopped",
    _DBUS + "InvalidArgs": "compare the options with the unit",
    _DBUS + "PropertyReadOnly": "this systemd cannot set such a limit: leave the option out",
    _DBUS + "UnknownProperty": "this systemd cannot set such a limit: leave the option out",
    _DBUS + "UnknownMethod": "this systemd is too old to be told its limits over the bus",
    _DBUS + "NotSupported": "this systemd cannot do it",
}


def refusal(name: str, said: str, what: str) -> CallError:
    """What an error reply means. `what` says what systemd was asked, as `to start ollama.service`."""
    if name in _DENIED or name.startswith(_DBUS + "Spawn.PermissionsInvalid"):
        return Permanent(
            f"the daemon's user may not ask systemd {what} ({said}): let a polkit rule allow it the action "
            "org.freedesktop.systemd1.manage-units for this unit (docs/provisioners/systemd.md)"
        )
    if name in _REFUSED_FOR_GOOD:
        return Permanent(f"systemd was asked {what} and refused: {said}; {_REFUSED_FOR_GOOD[name]}")
    if name in _REFUSED_FOR_NOW or name.startswith(_DBUS + "Spawn."):
        return Transient(f"systemd was asked {what} and refused for now: {said} ({name})")
    # NoReply and its like: systemd went away with the request in its hands. An error nobody knows is no better.
    return Ambiguous(f"systemd was asked {what} and gave no clear answer: {said} ({name})")

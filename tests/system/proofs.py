"""What is proven on the booted machine, in its order: each step stands on the one before."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Final

from tests.system.machine import Machine, until

STATE: Final = "/var/lib/solvent"
SECRET: Final = "r3dis-of-the-machine-0815"
UNITS: Final = (
    "solvent.service",
    "solvent-backup.service",
    "solvent-backup.timer",
    "solvent-drill.service",
    "solvent-drill.timer",
)
WATCHDOG_S: Final = 45
"""Instead of the shipped 180 s; the roots beat every 30 s."""
SETTINGS: Final = f"""
plan = "autobroker"
redis = "redis://127.0.0.1:6399"
http = "127.0.0.1:9327"

[redis_access]
password = "credential:redis-password"

[backup]
to = "{STATE}/backups"
"""
PAYMENTS: Final = "payment_id,customer_id,amount,currency,status,created_at,kind\n" + "".join(
    f"p-{month}-{number},c-{number},{100 + number}.00,EUR,completed,2026-{month:02}-05T10:00:00Z,payment\n"
    for month in range(3, 11)
    for number in range(40)
)
_PIP: Final = "/opt/solvent/.venv/bin/pip install --quiet --no-index -f /shared"


def install_packages(machine: Machine) -> None:
    """The wheel, as an operator installs it, and a Redis with a password."""
    machine.sh(
        "python3 -m venv /opt/solvent/.venv; "
        f"{_PIP} 'solvent[backup]'; systemctl disable --now redis-server.service 2>/dev/null; "
        "systemd-run --quiet --unit=shop-redis -p DynamicUser=yes -p StateDirectory=shop-redis "
        f"redis-server --port 6399 --requirepass {SECRET} --dir /var/lib/shop-redis --save ''"
    )


def a_dry_run_changes_nothing(machine: Machine) -> str:
    """`install --dry-run` shows every unit and writes none."""
    shown = machine.run("solvent", "install", "--dry-run")
    assert all(f"would write /etc/systemd/system/{unit}" in shown for unit in UNITS), shown
    assert "would run systemctl enable" in shown
    assert "" == machine.sh("ls -d /etc/solvent /etc/systemd/system/solvent* 2>/dev/null || true")
    return ""


def it_installs(machine: Machine) -> str:
    """`solvent install` writes and enables the units, and again changes nothing."""
    machine.run("solvent", "install")
    enabled = [machine.run("systemctl", "is-enabled", unit, check=False) for unit in UNITS]
    assert ["enabled", "static", "enabled", "static", "enabled"] == enabled, enabled
    assert "640" == machine.sh("stat -c %a /etc/solvent/solvent.toml")
    assert "nothing was to be done" in machine.run("solvent", "install")
    return ""


def the_units_are_hardly_exposed(machine: Machine) -> str:
    """The manager itself rates every service at 1.5 or better."""
    rated = []
    for unit in ("solvent", "solvent-backup", "solvent-drill"):
        shown = machine.run("systemd-analyze", "security", "--no-pager", f"{unit}.service", check=False)
        rated.append(float(re.findall(r"exposure level for \S+: ([0-9.]+)", shown)[0]))
    assert max(rated) <= 1.5, rated
    return f"{rated}"


def it_is_ready(machine: Machine) -> str:
    """`systemctl start` returns when the daemon is ready; the status line has its level and counts."""
    machine.write("/etc/solvent/solvent.toml", SETTINGS)
    machine.write("/etc/solvent/redis-password", SECRET + "\n")
    machine.sh("chmod 600 /etc/solvent/redis-password")
    machine.write(
        "/etc/systemd/system/solvent.service.d/override.conf",
        f"[Service]\nLoadCredential=redis-password:/etc/solvent/redis-password\nWatchdogSec={WATCHDOG_S}\n",
    )
    machine.run("systemctl", "daemon-reload")
    began_s = time.monotonic()
    machine.run("systemctl", "start", "solvent.service")
    took_s = time.monotonic() - began_s
    assert "active" == machine.property("solvent", "ActiveState")
    assert (
        '{"ok":true,"reasons":[]}'
        == machine.sh(
            "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:9327/readyz').read().decode())\""
        ).strip()
    )
    status = machine.property("solvent", "StatusText")
    assert re.match(r"level \d+ of \d+.*; observe_only; \d+ components: \d+ .*; 0 under way, 0 parked", status), status
    return f"in {took_s:.1f} s: {status!r}"


def the_state_is_private(machine: Machine) -> str:
    """The state belongs to a dynamic user: folder 0700, journal 0600; the daemon is not root."""
    assert "700" == machine.sh(f"stat -L -c %a {STATE}")
    assert "600" == machine.sh(f"stat -c %a {STATE}/journal.sqlite")
    owner = int(machine.sh(f"stat -c %u {STATE}/journal.sqlite"))
    pid = machine.property("solvent", "MainPID")
    assert str(owner) == machine.sh(f"stat -c %u /proc/{pid}")
    assert 61_184 <= owner <= 65_519, owner
    return f"uid {owner}"


def the_secret_arrives(machine: Machine) -> str:
    """A LoadCredential secret opens Redis, and stands in no environment, command line, journal or log."""
    ask = f"redis-cli -p 6399 --no-auth-warning -a {SECRET} EXISTS solvent:status"
    until(lambda: machine.sh(ask) == "1", "the daemon's word in Redis", 30)
    processes = machine.sh(
        "for each in /proc/[0-9]*; do if grep -q solvent $each/cmdline 2>/dev/null; "
        "then cat $each/environ $each/cmdline; fi; done | tr '\\0' '\\n'"
    )
    assert "CREDENTIALS_DIRECTORY" in processes
    assert SECRET not in processes
    assert SECRET not in machine.run("journalctl", "--no-pager", "-o", "json", "-t", "solvent")
    assert "" == machine.sh(f"grep -rl {SECRET} {STATE}/ || true")
    return ""


def payments_are_counted(machine: Machine) -> str:
    """A payments file goes in and decides a level."""
    machine.write("/srv/payments.csv", PAYMENTS)
    machine.sh(f"printf %s {SECRET} > /srv/secret; chmod 600 /srv/secret")
    settings = SETTINGS.replace("credential:redis-password", "file:/srv/secret")
    machine.write("/srv/import.toml", settings)
    machine.run("solvent", "import", "/srv/payments.csv", "--state-dir", STATE, "--settings", "/srv/import.toml")
    status = until_status(machine, r"level [1-9]")
    return f"{status!r}"


def the_journal_has_levels(machine: Machine) -> str:
    """Lines are JSON behind `-t solvent -o cat`, and `-p warning` selects by their level."""
    machine.run(
        "redis-cli", "-p", "6399", "--no-auth-warning", "-a", SECRET, "XADD", "solvent:payments", "*", "no", "use"
    )
    rejected = "journalctl -t solvent -p warning -o cat --no-pager | grep -c entry_rejected || true"
    until(lambda: machine.sh(rejected) == "1", "the warning about a rejected entry", 30)
    lines = machine.run("journalctl", "-t", "solvent", "-o", "cat", "--no-pager").splitlines()
    events = [json.loads(line) for line in lines]
    assert {"started", "daemon_ready"} <= {each["event"] for each in events}
    counted = machine.sh("journalctl -t solvent -o cat --no-pager | jq -r .level | sort | uniq -c | xargs")
    priorities = machine.sh("journalctl -t solvent -o json --no-pager | jq -r .PRIORITY | sort | uniq -c | xargs")
    loud = [json.loads(each) for each in machine.sh("journalctl -t solvent -p warning -o cat --no-pager").splitlines()]
    assert {"warning", "error"} >= {each["level"] for each in loud}
    assert len(loud) == sum(each["level"] in ("warning", "error") for each in events)
    return f"levels {counted}; priorities {priorities}"


def nothing_is_lost_in_a_kill(machine: Machine) -> str:
    """After SIGKILL the daemon is back, and the journal goes on where it stood."""
    before = history(machine)
    machine.run("systemctl", "kill", "-s", "KILL", "--kill-whom=main", "solvent.service")
    until(lambda: machine.property("solvent", "NRestarts") == "1", "the restart", 30)
    until(lambda: machine.property("solvent", "ActiveState") == "active", "the daemon after its restart", 60)
    after = history(machine)
    assert before == after[: len(before)]
    assert "Started" in {each["type"] for each in after[len(before) :]}
    return f"{len(before)} events, then {len(after)}"


def a_silent_daemon_is_killed(machine: Machine) -> str:
    """After SIGSTOP the watchdog ends the daemon and a new one goes on."""
    before = history(machine)
    began_s = time.monotonic()
    machine.run("systemctl", "kill", "-s", "STOP", "--kill-whom=main", "solvent.service")
    until(lambda: machine.property("solvent", "NRestarts") == "2", "the watchdog's restart", WATCHDOG_S + 90)
    took_s = time.monotonic() - began_s
    assert "watchdog" in machine.run("journalctl", "-u", "solvent", "--no-pager", "-o", "cat", "-n", "60").lower()
    until(lambda: machine.property("solvent", "ActiveState") == "active", "the daemon after the watchdog", 60)
    assert before == history(machine)[: len(before)]
    return f"after {took_s:.0f} s"


def a_well_daemon_is_not_killed(machine: Machine) -> str:
    """For two watchdog periods the daemon is fed by the beats of its own roots."""
    pid = machine.property("solvent", "MainPID")
    time.sleep(2 * WATCHDOG_S + 5)
    assert pid == machine.property("solvent", "MainPID")
    return ""


def the_timer_makes_a_backup(machine: Machine) -> str:
    """The backup timer runs the command as the daemon's user, beside the daemon, and leaves a backup."""
    return backed_up(machine)


def backed_up(machine: Machine) -> str:
    """Fire the timer once."""
    machine.write(
        "/run/systemd/system/solvent-backup.timer.d/now.conf",
        "[Timer]\nOnActiveSec=1s\nRandomizedDelaySec=0\nAccuracySec=1s\n",
    )
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "solvent-backup.timer")
    until(lambda: machine.property("solvent-backup.service", "ExecMainExitTimestamp") != "", "the backup's end", 60)
    said = machine.run("journalctl", "-u", "solvent-backup", "-o", "cat", "--no-pager", "-n", "20")
    assert "success" == machine.property("solvent-backup.service", "Result"), said
    made = machine.sh(f"find {STATE}/ -path '*backups/*' -type f -size +1k -printf '%m %U %p\\n'").splitlines()
    assert made, said
    assert {machine.sh(f"stat -c %u {STATE}/journal.sqlite")} == {each.split()[1] for each in made}
    return f"{made}"


def the_drill_proves_it(machine: Machine) -> str:
    """The drill's service restores the backup and says that it holds."""
    machine.run("systemctl", "start", "solvent-drill.service", check=False)
    said = machine.run("journalctl", "-u", "solvent-drill", "-o", "cat", "--no-pager", "-n", "20")
    assert "success" == machine.property("solvent-drill.service", "Result"), said
    return ""


def a_folder_elsewhere_takes_backups(machine: Machine) -> str:
    """With the drop-in of docs/systemd.md backups go to a folder outside, and `verify` runs as the daemon's user."""
    machine.sh("install -d -m 2770 -g backup /srv/backups")
    for unit in ("solvent-backup", "solvent-drill"):
        grant = "[Service]\nSupplementaryGroups=backup\nReadWritePaths=/srv/backups\n"
        machine.write(f"/run/systemd/system/{unit}.service.d/folder.conf", grant)
    machine.write("/etc/solvent/solvent.toml", SETTINGS.replace(f"{STATE}/backups", "/srv/backups"))
    machine.sh("systemctl daemon-reload; systemctl start solvent-backup.service solvent-drill.service")
    assert "" != machine.sh("find /srv/backups -type f -size +1k")
    machine.write("/etc/solvent/solvent.toml", SETTINGS)
    said = machine.sh(
        "systemd-run --pipe --wait --quiet -p DynamicUser=yes -p User=solvent -p StateDirectory=solvent "
        f"/opt/solvent/.venv/bin/solvent verify --state-dir {STATE}"
    )
    assert "nothing is broken" in said, said
    return machine.sh("ls -l /srv/backups | tail -n 1")


def an_upgrade_goes_on(machine: Machine) -> str:
    """The wheel installed again, `solvent install`, a restart: the journal goes on."""
    before = history(machine)
    machine.sh(f"{_PIP} --force-reinstall --no-deps solvent; solvent install; systemctl restart solvent.service")
    after = history(machine)
    assert before == after[: len(before)]
    assert "active" == machine.property("solvent", "ActiveState")
    return f"{len(before)} events, then {len(after)}"


def an_edited_unit_is_kept(machine: Machine) -> str:
    """A unit that was edited by hand is refused with what differs, and kept."""
    path = "/etc/systemd/system/solvent-drill.timer"
    machine.sh(f"cp {path} /srv/timer; sed -i s/04:00:00/05:30:00/ {path}")
    machine.sh("if solvent install 2>/srv/said; then exit 9; fi")
    said = machine.sh("cat /srv/said")
    assert "-OnCalendar=Tue *-*-* 05:30:00" in said, said
    assert "05:30:00" in machine.sh(f"cat {path}")
    machine.sh(f"cp /srv/timer {path}")
    return ""


def it_stops_in_time(machine: Machine) -> str:
    """`systemctl stop` ends well within the daemon's own limit of 30 s."""
    began_s = time.monotonic()
    machine.run("systemctl", "stop", "solvent.service")
    took_s = time.monotonic() - began_s
    assert "success" == machine.property("solvent", "Result")
    assert took_s < 30
    return f"{took_s:.1f} s"


def a_refused_start_is_an_error(machine: Machine) -> str:
    """What keeps the daemon from starting is found by `journalctl -u solvent -p err`."""
    machine.write("/etc/solvent/solvent.toml", SETTINGS.replace('plan = "autobroker"', 'plan = "no-such-plan"'))
    machine.run("systemctl", "start", "solvent.service", check=False)
    said = machine.run("journalctl", "-u", "solvent", "-p", "err", "-o", "cat", "--no-pager")
    assert "no-such-plan" in said, said
    machine.write("/etc/solvent/solvent.toml", SETTINGS)
    machine.run("systemctl", "stop", "solvent.service")
    machine.run("systemctl", "reset-failed", "solvent.service", check=False)
    return ""


def it_uninstalls(machine: Machine) -> str:
    """`solvent uninstall` leaves no unit of its own, and keeps the state, the edited settings and the drop-in."""
    machine.run("systemctl", "start", "solvent.service")
    before = history(machine)
    said = machine.run("solvent", "uninstall")
    assert "" == machine.sh(
        "ls /etc/systemd/system/solvent*.service /etc/systemd/system/solvent*.timer 2>/dev/null || true"
    )
    assert "" == machine.sh("find /etc/systemd/system -name 'solvent*' -type l")
    assert "inactive" == machine.run("systemctl", "is-active", "solvent.service", check=False)
    assert "left /etc/solvent/solvent.toml: it was changed since it was written" in said, said
    assert "left /etc/systemd/system/solvent.service.d/override.conf" in said, said
    assert "3" == machine.sh("set +e; solvent uninstall >/dev/null 2>&1; echo $?")
    assert before == history(machine)[: len(before)]
    return ""


def it_runs_as_it_is_installed(machine: Machine) -> str:
    """`solvent install --now` on a clean machine runs with its starter settings and a Redis of its own."""
    machine.sh(f"rm -r /etc/solvent /etc/systemd/system/solvent.service.d /var/lib/private/solvent {STATE}")
    machine.run("systemctl", "daemon-reload")
    machine.run("solvent", "install", "--now")
    assert "active" == machine.property("solvent", "ActiveState")
    until(lambda: machine.sh(f"test -S {STATE}/redis/redis.sock || ls {STATE}/redis") != "", "the Redis of its own", 30)
    assert "" == machine.run(
        "journalctl", "-t", "solvent", "-p", "warning", "-o", "cat", "--since", "-20s", check=False
    )
    machine.run("solvent", "uninstall")
    return ""


def a_user_has_one_too(machine: Machine) -> str:
    """`solvent install --user --now` runs under a user's own manager, and is taken back whole."""
    machine.sh("useradd --create-home --home-dir /srv/ana ana")
    uid = machine.sh("id -u ana")
    machine.run("systemctl", "start", f"user@{uid}.service")
    account = f"runuser -u ana -- env HOME=/srv/ana XDG_RUNTIME_DIR=/run/user/{uid}"
    machine.sh(f"cd /srv/ana; {account} solvent install --user --now")
    assert "active" == machine.sh(f"{account} systemctl --user is-active solvent.service", check=False)
    status = machine.sh(f"{account} systemctl --user show --value -p StatusText solvent.service")
    assert status.startswith("level 0 of "), status
    assert "700 ana" == machine.sh("stat -c '%a %U' /srv/ana/.local/state/solvent")
    machine.sh(f"{account} systemctl --user start solvent-backup.service")
    assert "" != machine.sh("find /srv/ana/.local/state/solvent/backups -type f")
    machine.sh(f"cd /srv/ana; {account} solvent uninstall --user")
    assert "" == machine.sh("find /srv/ana -name 'solvent*' -path '*config*'")
    return f"{status!r}"


def history(machine: Machine) -> list[dict[str, object]]:
    """Every event of the journal, as its own command shows it."""
    shown = machine.run("solvent", "history", "--state-dir", STATE, "--format", "json")
    return [json.loads(line) for line in shown.splitlines()]


def until_status(machine: Machine, pattern: str) -> str:
    """The status text once it matches."""
    until(lambda: re.search(pattern, machine.property("solvent", "StatusText")), f"a status like {pattern}", 60)
    return machine.property("solvent", "StatusText")


PROOFS: Final[tuple[Callable[[Machine], str], ...]] = (
    a_dry_run_changes_nothing,
    it_installs,
    the_units_are_hardly_exposed,
    it_is_ready,
    the_state_is_private,
    the_secret_arrives,
    payments_are_counted,
    the_journal_has_levels,
    nothing_is_lost_in_a_kill,
    a_well_daemon_is_not_killed,
    a_silent_daemon_is_killed,
    the_timer_makes_a_backup,
    the_drill_proves_it,
    a_folder_elsewhere_takes_backups,
    an_upgrade_goes_on,
    an_edited_unit_is_kept,
    it_stops_in_time,
    a_refused_start_is_an_error,
    it_uninstalls,
    it_runs_as_it_is_installed,
    a_user_has_one_too,
)

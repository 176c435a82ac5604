"""The one place that knows adapters: it chooses them and hands them to those who know only ports."""

from adapters.payments_csv import PaymentsFile, UnreadableFileError, write_payments_csv
from adapters.redis_streams import CommandSender, PaymentsSender
from adapters.state_directory import Holder, RunFacts
from daemon.assembly.channels import channels_of
from daemon.assembly.command_line import (
    accelerated_clock,
    clock_from,
    command_sender,
    holder_of,
    log_into,
    log_to_stderr,
    metrics_page,
    payments_sender,
    read_payments_csv,
    run_facts,
)
from daemon.assembly.installation import Installation, installed
from daemon.assembly.journals import open_journal_for_reading
from daemon.assembly.provisioners import PREFLIGHT_LIMIT_S, REDIS_AS_FOUND, Unreached, observers_of, preflight
from daemon.assembly.refusals import CannotStart

__all__ = [
    "PREFLIGHT_LIMIT_S",
    "REDIS_AS_FOUND",
    "CannotStart",
    "CommandSender",
    "Holder",
    "Installation",
    "PaymentsFile",
    "PaymentsSender",
    "RunFacts",
    "Unreached",
    "UnreadableFileError",
    "accelerated_clock",
    "channels_of",
    "clock_from",
    "command_sender",
    "holder_of",
    "installed",
    "log_into",
    "log_to_stderr",
    "metrics_page",
    "observers_of",
    "open_journal_for_reading",
    "payments_sender",
    "preflight",
    "read_payments_csv",
    "run_facts",
    "write_payments_csv",
]

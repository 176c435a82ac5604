"""Backtest: the same revenue and deciding machines folded over a payments file, month by month."""

from machines.backtest.folding import backtest
from machines.backtest.report import BacktestReport, report_json

__all__ = ["BacktestReport", "backtest", "report_json"]

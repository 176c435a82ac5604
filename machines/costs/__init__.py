"""What running costs: the daily accrual of our own run rate, and how it stands against what providers bill."""

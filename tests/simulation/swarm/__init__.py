"""The swarm: every seed is another plan, business, staff and mixture of faults, lived for years in virtual time."""

"""Who leads of several daemons on one journal: taking the lease, keeping it, standing by, handing it over."""

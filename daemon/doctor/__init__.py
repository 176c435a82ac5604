"""`solvent doctor`: one look at everything that a service needs, each finding with what mends it."""

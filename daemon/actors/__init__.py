"""The actors: each decides with a machine, records, and only then acts."""

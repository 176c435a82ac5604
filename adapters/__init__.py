"""What solvent touches: Redis, SQLite, files, clocks and the providers of infrastructure."""

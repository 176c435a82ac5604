"""A whole journal between its SQLite file and a schema of PostgreSQL, there and back, proven on arrival."""

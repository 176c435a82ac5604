"""What the daemon publishes, as pure functions: entries of streams and fields of hashes."""

"""Everything that can make, start, stop and remove infrastructure; `registry` knows the kinds."""

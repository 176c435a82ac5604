"""The shapes that adapters fit: nothing here does anything."""

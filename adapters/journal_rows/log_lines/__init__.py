"""The lines of `economic_scaling_log`, by what they are about."""

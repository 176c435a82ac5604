"""What solvent knows: pure, synchronous decisions. No clock, no randomness, no input or output."""

"""What sources of payments are worth: what counts as an answer, how fresh they are, what they vouch for."""

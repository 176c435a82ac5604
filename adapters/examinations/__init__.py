"""What `solvent doctor` looks at on the machine and at Redis: facts, without a judgement."""

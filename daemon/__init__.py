"""What solvent runs: the actor kernel, the actors, the one actuator, resume and the command line."""

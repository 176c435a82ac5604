"""`solvent support-bundle`: what an engineer needs to help, without what must not leave the machine."""

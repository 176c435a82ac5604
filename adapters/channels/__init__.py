"""Ways to tell somebody: each is the port `machines.ports.channels`, and needs the extra that its settings name."""

"""What all kinds at AWS share: clients, calls, errors, tags, and the stepping that a kind's recipe is put into."""

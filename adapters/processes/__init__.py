"""Child processes of operators' programs: a time limit, bounded output, and descriptors that outlive us."""

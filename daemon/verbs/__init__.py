"""The operators' verbs, one file each: what a verb takes, and the pure judgement of one command."""

"""Where payments come from besides the Redis stream: one package for each kind, imported when settings name it."""

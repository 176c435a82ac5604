"""The demonstration: two years of a made-up business, streamed through the real daemon."""

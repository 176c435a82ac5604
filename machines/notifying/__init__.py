"""Notifications: what is worth telling, to whom, when, and when to try again. Pure, like all of `machines`."""

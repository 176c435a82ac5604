"""What the daemon says of itself: metrics, log lines, health. Nothing here changes anything."""

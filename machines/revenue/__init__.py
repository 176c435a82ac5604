"""From payments to exact monthly revenue, the trailing figure and readings with a quality."""

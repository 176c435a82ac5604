"""From closed months to a level: conditions, debounce, ratio, decision and its explanation, waves."""

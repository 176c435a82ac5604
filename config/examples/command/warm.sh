#!/bin/sh
# COLD to WARM: make the resource under the token, serving nobody. Repeating it completes what is half-made.
set -eu

mkdir -p "$SOLVENT_TARGET/live" "$SOLVENT_TARGET/snapshots"
resource="$SOLVENT_TARGET/live/$SOLVENT_TOKEN"
# One call that both makes the resource and names it: nothing can be made that the token does not find again.
if mkdir "$resource" 2>/dev/null; then
    printf 'created %s generation %s\n' "$SOLVENT_TOKEN" "$SOLVENT_GENERATION" >> "$SOLVENT_TARGET/log"
fi
if [ -f "$SOLVENT_TARGET/snapshots/newest" ] && [ ! -f "$resource/data" ]; then
    cp "$SOLVENT_TARGET/snapshots/newest" "$resource/data"
fi
# Written aside and moved: a reader finds the old state or the new one, never half of it.
printf 'warm\n' > "$resource/state.making"
mv "$resource/state.making" "$resource/state"

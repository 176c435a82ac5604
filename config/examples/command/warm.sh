#!/bin/sh
# COLD to WARM: make the resource under the token, serving nobody. Repeating it completes what is half-made.
set -eu

# An adopted resource's name stands in for the target.
target=${SOLVENT_RESOURCE:-$SOLVENT_TARGET}
. "$(dirname "$0")/fencing.sh"
mkdir -p "$target/live" "$target/snapshots"
resource="$target/live/$SOLVENT_TOKEN"
# One call that both makes the resource and names it: nothing can be made that the token does not find again.
if mkdir "$resource" 2>/dev/null; then
    printf 'created %s generation %s\n' "$SOLVENT_TOKEN" "$SOLVENT_GENERATION" >> "$target/log"
fi
if [ -f "$target/snapshots/newest" ] && [ ! -f "$resource/data" ]; then
    cp "$target/snapshots/newest" "$resource/data"
fi
# Written aside and moved: a reader finds the old state or the new one, never half of it.
printf 'warm\n' > "$resource/state.making"
mv "$resource/state.making" "$resource/state"

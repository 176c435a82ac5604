#!/bin/sh
# WARM to COLD: remove the resource; its snapshot and the log stay.
set -eu

# An adopted resource's name stands in for the target.
target=${SOLVENT_RESOURCE:-$SOLVENT_TARGET}
. "$(dirname "$0")/fencing.sh"
for resource in "$target"/live/*/; do
    [ -d "$resource" ] || continue
    # Without its state it is seen as half-made, so that a removal cut short is taken up again.
    rm -f "$resource/state"
    rm -rf "$resource"
    printf 'removed %s\n' "$(basename "$resource")" >> "$target/log"
done

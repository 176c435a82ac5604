#!/bin/sh
# HOT to WARM: first a snapshot of the data, then stop serving.
set -eu

# An adopted resource's name stands in for the target.
target=${SOLVENT_RESOURCE:-$SOLVENT_TARGET}
. "$(dirname "$0")/fencing.sh"
resource="$target/live/$SOLVENT_TOKEN"
if [ ! -d "$resource" ]; then
    for other in "$target"/live/*/; do
        mv "${other%/}" "$resource"
    done
fi
if [ -f "$resource/data" ]; then
    cp "$resource/data" "$target/snapshots/newest.making"
    mv "$target/snapshots/newest.making" "$target/snapshots/newest"
fi
printf 'warm\n' > "$resource/state.making"
mv "$resource/state.making" "$resource/state"

#!/bin/sh
# HOT to WARM: first a snapshot of the data, then stop serving.
set -eu

resource="$SOLVENT_TARGET/live/$SOLVENT_TOKEN"
if [ ! -d "$resource" ]; then
    for other in "$SOLVENT_TARGET"/live/*/; do
        mv "${other%/}" "$resource"
    done
fi
if [ -f "$resource/data" ]; then
    cp "$resource/data" "$SOLVENT_TARGET/snapshots/newest.making"
    mv "$SOLVENT_TARGET/snapshots/newest.making" "$SOLVENT_TARGET/snapshots/newest"
fi
printf 'warm\n' > "$resource/state.making"
mv "$resource/state.making" "$resource/state"

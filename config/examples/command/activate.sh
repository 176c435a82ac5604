#!/bin/sh
# WARM to HOT: let the resource serve, and put the token on it where another one made it.
set -eu

resource="$SOLVENT_TARGET/live/$SOLVENT_TOKEN"
if [ ! -d "$resource" ]; then
    for other in "$SOLVENT_TARGET"/live/*/; do
        mv "${other%/}" "$resource"
    done
fi
printf 'hot\n' > "$resource/state.making"
mv "$resource/state.making" "$resource/state"

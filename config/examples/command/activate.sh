#!/bin/sh
# WARM to HOT: let the resource serve, and put the token on it where another one made it.
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
printf 'hot\n' > "$resource/state.making"
mv "$resource/state.making" "$resource/state"

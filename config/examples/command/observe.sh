#!/bin/sh
# What stands of a component that is a directory: <target>/live/<token>, with its state in the file `state`.
# A directory without that file is half-made. Every directory is one resource, so two of them are seen as two.
set -eu

# An adopted resource's name stands in for the target.
target=${SOLVENT_RESOURCE:-$SOLVENT_TARGET}
state=absent
tokens=
for resource in "$target"/live/*/; do
    [ -d "$resource" ] || continue
    tokens="$tokens${tokens:+, }\"$(basename "$resource")\""
    state=broken
    if [ -f "$resource/state" ]; then
        read -r state < "$resource/state"
    fi
done
printf '{"state": "%s", "tokens": [%s]}\n' "$state" "$tokens"

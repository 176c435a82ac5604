#!/bin/sh
# The true script ($2), with what a test arranged for it in the directory $1:
#   pause                    a file with the seconds to wait before and after the script
#   hold.<step>.<component>  wait while this file is there, after making begun.<step>.<component>; where it says
#                            `stubborn`, SIGTERM is ignored meanwhile
#   exit.<step>.<component>  end with the exit code in this file, for as long as it is there
# Every call that changes something is noted in `calls`.
# An adopted resource's name stands in for the target.
set -u

[ -z "$SOLVENT_RESOURCE" ] || export SOLVENT_TARGET="$SOLVENT_RESOURCE"
name="$SOLVENT_STEP.$SOLVENT_COMPONENT"
if [ "$SOLVENT_STEP" = observe ]; then
    exec sh "$2"
fi
printf '%s %s\n' "$name" "$SOLVENT_TOKEN" >> "$1/calls"
if [ -f "$1/exit.$name" ]; then
    read -r code < "$1/exit.$name"
    echo "the test said so" >&2
    exit "$code"
fi
if [ -f "$1/hold.$name" ]; then
    read -r manner < "$1/hold.$name"
    [ "$manner" != stubborn ] || trap '' TERM
    : > "$1/begun.$name"
    while [ -f "$1/hold.$name" ]; do sleep 0.05; done
fi
pause=0
if [ -f "$1/pause" ]; then
    read -r pause < "$1/pause"
    sleep "$pause"
fi
sh "$2"
code=$?
[ "$pause" = 0 ] || sleep "$pause"
exit "$code"

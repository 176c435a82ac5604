#!/bin/sh
# The true script ($2), or the trouble that a test arranged for it in the directory $1.
set -u

trouble="$1/$SOLVENT_STEP.$SOLVENT_COMPONENT"
if [ ! -f "$trouble" ]; then
    exec sh "$2"
fi
read -r kind < "$trouble"
rm "$trouble"
case "$kind" in
transient)
    echo "too many requests, come back later" >&2
    exit 75
    ;;
permanent)
    echo "there is no such region" >&2
    exit 3
    ;;
lost_before) kill -KILL $$ ;;
lost_after)
    sh "$2"
    kill -KILL $$
    ;;
half)
    mkdir -p "$SOLVENT_TARGET/live/$SOLVENT_TOKEN"
    echo "created $SOLVENT_TOKEN" >> "$SOLVENT_TARGET/log"
    kill -KILL $$
    ;;
slow)
    echo begun > "$1/begun"
    sleep 3600
    ;;
gated)
    # Opening a pipe waits for the other side: the test knows that the script runs, and says when it goes on.
    echo "$$" > "$1/begun"
    read -r go < "$1/gate"
    exec sh "$2"
    ;;
stubborn)
    trap '' TERM
    echo begun > "$1/begun"
    while :; do sleep 1; done
    ;;
esac

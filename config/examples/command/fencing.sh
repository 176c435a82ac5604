# Read by the scripts that change something: refuses the order of a daemon of the past, and keeps the highest number
# beside the resources, where it outlives them. Until the script has ended no other one may come in between.
fencing=${SOLVENT_FENCING:-0}
if [ "$fencing" -gt 0 ]; then
    mkdir -p "$target"
    exec 9> "$target/fencing.lock"
    flock 9
    highest=0
    if [ -f "$target/fencing" ]; then
        read -r highest < "$target/fencing"
    fi
    if [ "$fencing" -lt "$highest" ]; then
        echo "$target: a daemon with the fencing token $highest leads, $fencing is of the past" >&2
        exit 1
    fi
    printf '%s\n' "$fencing" > "$target/fencing.making"
    mv "$target/fencing.making" "$target/fencing"
fi

# What a block finds beside the real programs of this machine.

systemctl() { :; }
iostat() { :; }
journalctl() { echo "Started solvent.service."; cat "$LOG"; }  # systemd speaks in between

redis-cli() { command redis-cli -e "$@"; }

age() {
  if command -v age > /dev/null 2>&1 && [ "$(type -t age)" = file ]; then command age "$@"; return; fi
  python -c '
import sys, pyrage
key = next(line for line in open(sys.argv[1]).read().split() if line.startswith("AGE-SECRET-KEY"))
sys.stdout.buffer.write(pyrage.decrypt(open(sys.argv[2], "rb").read(), [pyrage.x25519.Identity.from_str(key)]))
' "$3" "$4"
}

# The real `solvent`. What only asks is asked once: half of all blocks ask the same. What runs until it is stopped is
# stopped as soon as it is ready, in a state directory of its own. Who looks for trouble may find some: exit 1; and a log
# need not hold what is asked for: exit 3.
solvent() {
  local code=0
  case "$*" in
    run\ *) run_until_ready "$@" || code=$? ;;
    *--remove*) command solvent "$@" || code=$? ;;
    doctor* | drift* | orphans*) asked_once "$@" || { code=$?; [ $code -ne 1 ] || code=0; } ;;
    logs*) asked_once "$@" || { code=$?; [ $code -ne 3 ] || code=0; } ;;
    status* | costs* | explain* | history* | backup* | "notify list"* | "notify test"* | "plan "* | verify* | backtest*) asked_once "$@" || code=$? ;;
    *) command solvent "$@" || code=$? ;;
  esac
  return $code
}

asked_once() {
  local code=0 kept
  kept="$ANSWERS/$(printf '%s ' "$PWD" "$@" | md5sum | cut -c 1-32)"
  if [ ! -e "$kept.code" ]; then
    command solvent "$@" > "$kept.out" 2> "$kept.err" || code=$?
    echo $code > "$kept.code"
  fi
  cat "$kept.out"
  cat "$kept.err" >&2
  return "$(cat "$kept.code")"
}

run_until_ready() {
  local place daemon
  place=$(mktemp -d "$PWD/run-XXXXXX")
  command solvent "$@" --state-dir "$place" --instance "$(basename "$place" | tr A-Z a-z)" --http 127.0.0.1:0 > "$place.log" 2>&1 &
  daemon=$!
  until [ -e "$place/run.json" ]; do
    kill -0 $daemon 2> /dev/null || { cat "$place.log" >&2; return 1; }
    sleep 0.1
  done
  kill -TERM $daemon
  wait $daemon
}

shows() {  # a word, and what was said
  printf '%s\n' "$2"
  [[ "$2" == *"$1"* ]] || { echo "it does not show: $1" >&2; return 1; }
}

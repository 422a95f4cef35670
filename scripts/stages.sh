# scripts/stages.sh - to be sourced: runs the parts of a script one by one, quietly.
#
#   stage NAME COMMAND...   runs it with its output in build/log/NAME.log; prints one line with the
#                           time it took, or the end of the log and where the whole of it is; of stages
#                           that run beside one another what each has to say stays in one piece
#   log_of NAME             the path of that log
#   as_root COMMAND...      as it is for root, else with sudo
#   elapsed SECONDS         "3 min 5 s"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

elapsed() {
    if (($1 >= 60)); then echo "$(($1 / 60)) min $(($1 % 60)) s"; else echo "$1 s"; fi
}

log_of() { echo "$root/build/log/$1.log"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Each failed program of ctest, and each failed test of a TAP log, with what it said, a suite behind the
# tests that failed in it; then the end of the log, whatever it is.
what_failed() {
    awk '/^ *[0-9]+\/[0-9]+ Test +#/ { left = 0 } /\*\*\*(Failed|Timeout|Exception)/ { left = 60; print "" }
        /^ *not ok / { left = 30; print "" } left > 0 { print; left-- } /^ *\.\.\.$/ { left = 0 }' "$1" | head -n 200
    echo
    tail -n 40 "$1"
}

stage() {
    local name=$1 start=$SECONDS log status=0
    shift
    log=$(log_of "$name")
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null || status=1
    {
        flock 9
        if ((status == 0)); then
            printf '%-10s ok      %s\n' "$name" "$(elapsed $((SECONDS - start)))"
        else
            printf '%-10s FAILED  %s\n' "$name" "$(elapsed $((SECONDS - start)))"
            what_failed "$log" | sed 's/^/    /'
            echo "    the whole log: $log"
        fi
    } 9<"$root/build/log"
    return $status
}

#!/bin/sh
# timed.sh NAME COMMAND…: runs the command and says how long it took, also when it fails.
name=$1
shift
start=$(date +%s)
"$@"
status=$?
seconds=$(($(date +%s) - start))
outcome=done
[ "$status" -eq 0 ] || outcome="failed ($status)"
echo "$name: $outcome in $((seconds / 60)) min $((seconds % 60)) s"
exit "$status"

#!/bin/sh
# Shows that a backup can be restored and answers: restores it into a temporary directory, checks every record, starts
# a read-only server on it, and compares the heads. Changes neither the backup nor a server at work.
#
#   restore-drill.sh BACKUP_DIR [ADDRESS]        ADDRESS: where the drill listens, 127.0.0.1:17459
#
# SLX names the binary; TMPDIR must have room for the journal and its views.
set -eu
if [ $# -lt 1 ]; then
  echo "usage: restore-drill.sh BACKUP_DIR [ADDRESS]" >&2
  exit 64
fi
backup=$1
address=${2:-127.0.0.1:17459}
slx=${SLX:-slx}
place=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" || true
  fi
  rm -rf "$place"
}
trap finish EXIT
trap 'exit 1' INT TERM

# The value of a field of JSON that is a text.
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }

began=$(date +%s)
"$slx" verify "$backup" --json >"$place/backup.json"
"$slx" restore "$backup" "$place/data"
"$slx" verify "$place/data" --json >"$place/restored.json"
"$slx" serve --read-only --data-dir "$place/data" --listen "$address" 2>"$place/log" &
server=$!
until "$slx" health --address "http://$address" >"$place/health" 2>&1; do
  if ! kill -0 "$server" 2>/dev/null; then
    cat "$place/log" >&2
    echo "FAILED: the server did not start on what was restored" >&2
    exit 1
  fi
  sleep 1
done
"$slx" status --json --address "http://$address" >"$place/status.json"
expected=$(field head <"$place/backup.json")
restored=$(field head <"$place/restored.json")
answered=$(field head <"$place/status.json")
if [ -z "$expected" ] || [ "$expected" != "$restored" ] || [ "$expected" != "$answered" ]; then
  echo "FAILED: the backup has head $expected, what was restored $restored, what answers $answered" >&2
  exit 1
fi
echo "restored and answering within $(($(date +%s) - began)) s, head $expected"

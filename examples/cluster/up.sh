#!/usr/bin/env bash
# Three NATS servers and three slx nodes on this machine, in a temporary directory, until Ctrl-C.
# SLX and NATS_SERVER name the programs, if they are not on the path.
set -euo pipefail

slx="${SLX:-slx}"
nats="${NATS_SERVER:-nats-server}"
for program in "$slx" "$nats"; do
  command -v "$program" >/dev/null || { echo "$program is not there" >&2; exit 1; }
done

directory="$(mktemp -d)"
stop() {
  trap - EXIT INT TERM
  kill $(jobs -p) 2>/dev/null || true
  wait
  rm -rf "$directory"
}
trap stop EXIT
trap 'exit 0' INT TERM

routes="nats://127.0.0.1:6241, nats://127.0.0.1:6242, nats://127.0.0.1:6243"
for i in 1 2 3; do
  cat >"$directory/nats$i.conf" <<CONF
server_name: nats$i
listen: "127.0.0.1:424$i"
jetstream { store_dir: "$directory/nats$i", sync_interval: always }
cluster { name: slx, listen: "127.0.0.1:624$i", routes: [$routes] }
CONF
  "$nats" --config "$directory/nats$i.conf" --log "$directory/nats$i.log" &
done

log="nats://127.0.0.1:4241,127.0.0.1:4242,127.0.0.1:4243"
for i in 1 2 3; do
  "$slx" serve --data-dir "$directory/node$i" --listen "127.0.0.1:747$i" --log "$log" \
    >"$directory/node$i.log" 2>&1 &
done

for i in 1 2 3; do
  for _ in $(seq 300); do
    "$slx" health --address "http://127.0.0.1:747$i" >/dev/null 2>&1 && break
    sleep 0.1
  done
  "$slx" health --address "http://127.0.0.1:747$i" >/dev/null || { cat "$directory/node$i.log" >&2; exit 1; }
  echo "node $i serves on http://127.0.0.1:747$i"
done
echo "logs are in $directory; Ctrl-C ends all of it"
wait

#!/bin/sh
# A server in a pod whose first process is none of its own, so that it can be killed as a whole and started again where it was:
#   serve.sh hold     is that first process, and takes the dead away, for ever
#   serve.sh begin    makes an empty server and starts it
#   serve.sh start    starts it, and returns once it serves
#   serve.sh crash    kills every process of it at once, and returns once it is gone
# Beside this file: password, settings.
set -eu
here=$(dirname -- "$0")
data=/data/server
log=/data/log
for programs in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
  [ ! -x "$programs/postgres" ] || PATH=$programs:$PATH
done
export PATH

start() {
  pg_ctl start --silent --wait --timeout=60 --pgdata="$data" --log="$log" >&2 || {
    tail -n 20 "$log" >&2
    exit 1
  }
}

case $1 in
hold)
  # What it waits for is killed with the server.
  while :; do sleep infinity || true; done
  ;;
begin)
  initdb --pgdata="$data" --username=postgres --pwfile="$here/password" --auth=scram-sha-256 --no-sync \
    --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  cat "$here/settings" - >>"$data/postgresql.auto.conf" <<SETTINGS
listen_addresses = '*'
unix_socket_directories = '/tmp'
SETTINGS
  start
  ;;
start)
  start
  ;;
crash)
  server=$(sed -n 1p "$data/postmaster.pid")
  # All but the first process and this one; the kernel goes through them without letting go of the list.
  kill -KILL -1
  while kill -0 "$server" 2>/dev/null; do sleep 0.01; done
  ;;
esac

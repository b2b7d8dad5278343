#!/bin/sh
# Makes an empty server, unless it was made before, and becomes it: in a container of any image that holds PostgreSQL.
# Beside this file: password, settings.
set -eu
here=$(dirname -- "$0")
data=/tmp/mettle-data
for programs in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
  [ ! -x "$programs/postgres" ] || PATH=$programs:$PATH
done
export PATH

if [ ! -f "$data/complete" ]; then
  rm -rf "$data"
  initdb --pgdata="$data" --username=postgres --pwfile="$here/password" --auth=scram-sha-256 --no-sync \
    --encoding=UTF8 --locale=C.UTF-8 >&2
  # Connections come from outside of the container.
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  cat "$here/settings" >>"$data/postgresql.auto.conf"
  touch "$data/complete"
fi
exec postgres -D "$data" -c 'listen_addresses=*' -c unix_socket_directories=/tmp

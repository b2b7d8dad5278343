#!/bin/sh
# Ends every process that works in the data of a server, as a crash would: end-server.sh crash FOLDER.
# `remove` does so and then removes the folder; `guard` waits for that until its standard input is closed, which the kernel
# does when its starter is gone, however it went.
set -eu
[ "$1" != guard ] || read -r _ || true
state=$2/data/postmaster.pid

working() {
  find /proc/[0-9]*/cwd -maxdepth 0 -lname "$2/data*" 2>/dev/null | cut -d/ -f3
}

# First the one that would start others or tell them to end in order. What is gone already is no mistake.
end_all() {
  first=$(sed -n 1p "$state" 2>/dev/null || true)
  [ -z "$first" ] || [ "$(readlink "/proc/$first/cwd")" != "$2/data" ] || kill -KILL "$first" 2>/dev/null || true
  while left=$(working "$@") && [ -n "$left" ]; do
    for one in $left; do kill -KILL "$one" 2>/dev/null || true; done
  done
}

end_all "$@"
[ "$1" != crash ] || exit 0

# A crashed server leaves a segment of shared memory that nobody is attached to.
segment=$(sed -n '7s/^ *[0-9]* *//p' "$state" 2>/dev/null || true)
[ -z "$segment" ] || ipcrm --shmem-id "$segment" 2>/dev/null || true

# A server that was just being started comes into its folder only now, and would write into it meanwhile.
tries=0
# Whose the folder is goes last, so that what is left of a removal that was cut off is known by it.
until rm -rf -- "$2/data" "$2/sockets" && rm -rf -- "$2"; do
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || exit 1
  end_all "$@"
  sleep 0.1
done

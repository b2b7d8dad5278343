#!/bin/sh
# Ends every process that works in the data of a server, as a crash would: end-server.sh crash FOLDER.
# `remove` does so and then removes the folder; `guard` waits for that until its standard input is closed, which the kernel
# does when its starter is gone, however it went.
set -eu
[ "$1" != guard ] || read -r _ || true

working() {
  find /proc/[0-9]*/cwd -maxdepth 0 -lname "$2/data*" 2>/dev/null | cut -d/ -f3
}

# First the one that would start others or tell them to end in order.
state=$2/data/postmaster.pid
if [ -f "$state" ]; then
  first=$(sed -n 1p "$state")
  # `|| true`: it may be gone already.
  [ "$(readlink "/proc/$first/cwd")" != "$2/data" ] || kill -KILL "$first" || true
fi
while left=$(working "$@") && [ -n "$left" ]; do
  for one in $left; do kill -KILL "$one" 2>/dev/null || true; done
done
[ "$1" != crash ] || exit 0

# A crashed server leaves a segment of shared memory that nobody is attached to.
if [ -f "$state" ]; then
  segment=$(sed -n 7p "$state" | awk '{ print $2 }')
  [ -z "$segment" ] || ipcrm --shmem-id "$segment" 2>/dev/null || true
fi
rm -rf -- "$2"

#!/bin/sh
# Removes the container of a name, and the network of that name where there is one, once its standard input is closed, which
# the kernel does when its starter is gone: guard-container.sh NAME.
set -eu
read -r _ || true
docker rm --force --volumes "$1" >/dev/null 2>&1 || {
  # It was never made, or is gone.
  ! docker container inspect "$1" >/dev/null 2>&1
}
docker network rm "$1" >/dev/null 2>&1 || ! docker network inspect "$1" >/dev/null 2>&1

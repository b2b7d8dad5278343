# Sourced by the entry points of this folder, with the checkout's path in $root. Sees to it that node_modules is what
# package-lock.json says, and puts its Node 24 first on the PATH. Works under Node 20 and with nothing installed.

unfit() {
  printf 'error: %s\nnext: %s\nexit 3 (not fit): %s\n' "$1" "$2" "$1" >&2
  exit 3
}

# Libraries are those of the lock when the stamp holds the lock's hash, or when npm itself was run after the lock changed.
libraries_are_fresh() {
  [ -x "$root/node_modules/.bin/node" ] || return 1
  lock_hash=$(sha256sum <"$root/package-lock.json")
  stamp=$root/node_modules/.mettle-lock
  [ "$(cat "$stamp" 2>/dev/null)" = "$lock_hash" ] && return 0
  [ "$root/node_modules/.package-lock.json" -nt "$root/package-lock.json" ] || return 1
  printf '%s\n' "$lock_hash" >"$stamp"
}

install_libraries() {
  command -v node >/dev/null 2>&1 || unfit 'there is no Node.js on the PATH' \
    'install Node.js 20 or newer with npm (Debian packages nodejs and npm), then run this again; Node 24 itself comes from npm'
  command -v npm >/dev/null 2>&1 || unfit 'there is no npm on the PATH' \
    'install npm (Debian package npm), then run this again'
  printf 'installing the libraries of package-lock.json into %s: Node 24 and what Mettle is made of (npm ci)\n' \
    "$root/node_modules" >&2
  # Npm itself runs under the older Node and would warn that Node 24 is wanted: that is what it is about to install.
  (cd "$root" && npm ci --loglevel=error --include=dev --include=optional >&2) ||
    unfit 'npm ci did not succeed; its own message is above' 'correct what npm names, then run this again'
  [ -x "$root/node_modules/.bin/node" ] || unfit "npm brought no Node 24 for this system ($(uname -s) $(uname -m))" \
    'use Linux on x86-64 or arm64'
  sha256sum <"$root/package-lock.json" >"$root/node_modules/.mettle-lock"
}

has_consent() {
  for argument in "$@"; do
    case $argument in
      --install) return 0 ;;
      --) return 1 ;;
    esac
  done
  return 1
}

bootstrap() {
  if ! libraries_are_fresh; then
    has_consent "$@" || unfit "the libraries in $root/node_modules are missing or not those of package-lock.json" \
      "run: (cd '$root' && npm ci); or let Mettle do it: add --install to the command"
    # Two first runs side by side must not install over each other; the second one finds the work done.
    exec 9<"$root/package-lock.json"
    if command -v flock >/dev/null 2>&1; then flock 9; fi
    libraries_are_fresh || install_libraries
    exec 9<&-
  fi
  PATH=$root/node_modules/.bin:$PATH
  # Half of the time until a command begins is compiling; what was compiled is kept with the libraries.
  NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$root/node_modules/.cache/node}
  export PATH NODE_COMPILE_CACHE
}

#!/bin/sh
# Checks and times Polytask on this machine's GPU: run.sh doctor | conformance | sweep | bench [--quick] [--software] [--json FILE]
# It ends with 0 if all is well, 1 if a check fails, 2 where it cannot start, 3 where there is no adapter.
set -eu

fail() {
  echo "run.sh: $1" >&2
  exit 2
}

for tool in dirname uname; do
  command -v $tool >/dev/null 2>&1 || fail "the tool $tool must be there; found none. Install coreutils."
done
system="$(uname -s) $(uname -m)"
[ "$system" = "Linux x86_64" ] || fail "the bundle is for Linux x86_64; found $system."
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
said=$("$here/bin/node" --version 2>&1) ||
  fail "Node needs glibc 2.28, libstdc++.so.6, and a folder that programs may run from; found: $said"
exec "$here/bin/node" "$here/bench/dist/gpu/launch.js" "$@"

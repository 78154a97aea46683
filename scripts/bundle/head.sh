#!/bin/sh
# Polytask for a GPU machine without Node or network: sh polytask-gpu.run [--to DIR], then DIR/run.sh doctor
# What follows this script is data.
set -eu
id=@ID@
to=./polytask-gpu

fail() {
  echo "polytask-gpu: $1" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --to) [ $# -ge 2 ] || fail "--to needs a folder; found none. Name one."; to=$2; shift 2 ;;
    -h | --help) echo "sh $0 [--to DIR]: unpacks to DIR, by default $to"; exit 0 ;;
    *) fail "the only option is --to DIR; found $1. Leave it out." ;;
  esac
done

missing=
for tool in uname tail gzip wc mkdir mv rm chmod cat ls dirname; do
  command -v $tool >/dev/null 2>&1 || missing="$missing $tool"
done
[ -z "$missing" ] || fail "unpacking needs some tools; without:$missing. Install them (coreutils, gzip)."
system="$(uname -s) $(uname -m)"
[ "$system" = "Linux x86_64" ] || fail "the bundle is for Linux x86_64; found $system. Nothing is unpacked."
size=$(wc -c <"$0")
[ "$size" -eq @SIZE@ ] || fail "the archive has $((@SIZE@)) bytes; found $size. Copy it again."

if [ -f "$to/bundle.id" ]; then
  if [ "$(cat "$to/bundle.id")" = "$id" ]; then
    echo "$to has this bundle already: $to/run.sh doctor"
    exit 0
  fi
elif [ -e "$to" ] && { [ ! -d "$to" ] || [ -n "$(ls -A "$to")" ]; }; then
  fail "$to must be new, empty or a bundle; found something else. Choose another folder: --to DIR."
fi

to=${to%/}
part=$to.part.$$
trap 'rm -rf "$part"' EXIT
trap 'exit 2' HUP INT TERM
mkdir -p "$(dirname "$to")"
mkdir "$part" "$part/bin"
tail -c @NODE_SIZE@ "$0" | gzip -dc >"$part/bin/node" || fail "Node does not unpack. Is the disk full?"
chmod 755 "$part/bin/node"
said=$("$part/bin/node" --version 2>&1) ||
  fail "Node needs glibc 2.28, libstdc++.so.6, and a folder that programs may run from; found: $said"
"$part/bin/node" --input-type=module - "$0" "$part" @REST_AT@ @REST_SIZE@ @SHA256@ <<'UNPACK' ||
@UNPACK@
UNPACK
  fail "unpacking failed. Nothing is left of it."
echo "$id" >"$part/bundle.id"
rm -rf "$to"
mv "$part" "$to"
echo "$to has bundle $id: $to/run.sh doctor"
exit 0

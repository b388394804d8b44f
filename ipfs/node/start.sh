#!/bin/sh
# A Kubo node without containers, its RPC and gateway on this machine only: ipfs/node/start.sh [options of ipfs daemon]
# Its repository is $IPFS_PATH; by default data/ipfs in the directory where this is called.
set -eu
here="$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)"
kubo="${KUBO_BINARY:-$(command -v ipfs || true)}"
if ! [ -x "$kubo" ]; then
    echo "A node needs Kubo 0.40 or newer: put its program ipfs on PATH, or name it in KUBO_BINARY." >&2
    echo "The embedded mode, which is the default, needs no node: leave IPFS_RPC_URL empty and start nothing here." >&2
    exit 1
fi
if [ -z "${IPFS_RPC_TOKEN:-}" ]; then
    echo "A node needs IPFS_RPC_TOKEN, a long random word that opens its RPC; the marketplace gets the same one." >&2
    exit 1
fi
export IPFS_PATH="${IPFS_PATH:-$PWD/data/ipfs}"
tools="$(mktemp -d)" # whatever its program is called, the settings find it as `ipfs`
trap 'rm -rf "$tools"' EXIT
ln -s "$(CDPATH='' cd -- "$(dirname -- "$kubo")" && pwd)/$(basename -- "$kubo")" "$tools/ipfs"
[ -e "$IPFS_PATH/config" ] || "$kubo" init --empty-repo
PATH="$tools:$PATH" "$here/init.d/001-town.sh"
"$kubo" config Addresses.API /ip4/127.0.0.1/tcp/5001
"$kubo" config Addresses.Gateway /ip4/127.0.0.1/tcp/8080
rm -rf "$tools"
exec "$kubo" daemon --migrate=true "$@"

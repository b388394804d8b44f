#!/bin/sh
# The settings of a Kubo node for the town. Runs before every start, in the container and by start.sh; again changes
# nothing. `ipfs` is on PATH, and its repository exists.
set -eu
: "${IPFS_RPC_TOKEN:?set IPFS_RPC_TOKEN to a long random word}"
case "$IPFS_RPC_TOKEN" in
*[!A-Za-z0-9_-]*)
    echo "IPFS_RPC_TOKEN may have letters, digits, - and _ only" >&2
    exit 1
    ;;
esac
allowed=""
for call in version id dag/import block/get pin/add pin/ls pin/rm; do
    allowed="$allowed${allowed:+, }\"/api/v0/$call\""
done
ipfs config profile apply server         # no search for neighbours in private networks
ipfs config profile apply unixfs-v1-2025 # CIDs as ours, should somebody add files by hand
ipfs config --json Gateway.NoFetch true  # give what is here, fetch nothing for strangers
ipfs config Provide.Strategy pinned      # announce what is kept on purpose
ipfs config Datastore.StorageMax "${IPFS_STORAGE_MAX:-10GB}"
ipfs config --json API.Authorizations \
    "{\"town\": {\"AuthSecret\": \"bearer:$IPFS_RPC_TOKEN\", \"AllowedPaths\": [$allowed]}}"

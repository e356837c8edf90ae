#!/usr/bin/env bash
# portcullis lint beside the loaders that only check the syntax of the same rules, in one run: seconds of processor time and peak memory.
# Usage: bench/compare.sh [RULES]   (as root; needs iptables and nftables; works in a network namespace of its own)
set -euo pipefail
rules=${1:-100000}
here=$(dirname "$(readlink -f "$0")")
portcullis=${PORTCULLIS:-$here/../build/release/portcullis}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

measure() { # NAME COMMAND…: the better of two runs
    local name=$1 best=""
    shift
    for _ in 1 2; do
        /usr/bin/env time -o "$work/time" -f "%U s of processor time, %M KB" timeout 900 "$@" >/dev/null 2>&1 || true
        local now
        now=$(tail -n 1 "$work/time")
        if [ -z "$best" ] || [ "$(printf '%s\n%s\n' "${now%% *}" "${best%% *}" | sort -g | head -n 1)" = "${now%% *}" ]; then best=$now; fi
    done
    printf '%-34s %s\n' "$name" "$best"
}

for flavour in simple acl block; do
    "$here/generate.py" "$rules" "$flavour" >"$work/$flavour.rules"
    echo "$flavour, $rules rules"
    measure "  portcullis lint -j1" taskset -c 0 "$portcullis" lint --isolated -j1 -o json "$work/$flavour.rules"
    measure "  iptables-restore --test (nft)" unshare -n iptables-nft-restore --test "$work/$flavour.rules"
    measure "  iptables-restore --test (legacy)" unshare -n iptables-legacy-restore --test "$work/$flavour.rules"
    iptables-restore-translate -f "$work/$flavour.rules" >"$work/$flavour.nft" 2>/dev/null
    measure "  nft -c -f" unshare -n nft -c -f "$work/$flavour.nft"
done

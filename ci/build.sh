#!/usr/bin/env bash
# Builds the program on a Debian or Ubuntu runner and installs it: ci/build.sh PREFIX
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
root=$([[ $(id -u) -eq 0 ]] || echo sudo)
$root apt-get update -q
$root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends g++ cmake ninja-build libboost-dev libcli11-dev \
    libfmt-dev libpugixml-dev libtomlplusplus-dev libutf8proc-dev nlohmann-json3-dev
build=$(mktemp -d)
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DPORTCULLIS_TESTS=OFF
cmake --build "$build"
cmake --install "$build" --prefix "$1"
rm -rf "$build"

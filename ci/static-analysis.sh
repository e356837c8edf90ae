#!/usr/bin/env bash
# cppcheck (.cppcheck-suppressions) and clang-tidy (.clang-tidy) over the sources; ends with an error where either has a complaint.
# Usage: ci/static-analysis.sh [FILES OR FOLDERS]   (src grammars, without any; needs a configured build, BUILD=build/release)
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build/release}
[ -e "$build/compile_commands.json" ] || { echo "configure first: cmake --preset release" >&2; exit 2; }
[ $# -gt 0 ] || set -- src grammars
mapfile -t files < <(find "$@" -name '*.cpp' | sort)
[ ${#files[@]} -gt 0 ] || { echo "there is no *.cpp in: $*" >&2; exit 2; }
jobs=${JOBS:-$(nproc)}

cppcheck --quiet --std=c++20 --language=c++ --enable=warning,performance,portability --inline-suppr --suppressions-list=.cppcheck-suppressions \
    --error-exitcode=1 -j "$jobs" -I include -I src -I . "${files[@]}"

# Headers that GCC has precompiled are none for clang, and some of its warnings are unknown there.
database=$(mktemp -d)
trap 'rm -rf "$database"' EXIT
sed -E 's/-Winvalid-pch//; s/-include [^ ]*cmake_pch\.hxx//; s/-Wno-(restrict|stringop-overflow|stringop-overread|array-bounds|maybe-uninitialized)//g' "$build/compile_commands.json" >"$database/compile_commands.json"

# A line on standard error counts the warnings in headers of others; what does not compile is told there too.
tidy() { clang-tidy --quiet --warnings-as-errors='*' -p "$1" "$2" 2> >(grep -Ev '^[0-9]+ warnings? (generated|treated as error)' >&2); }
export -f tidy
printf '%s\n' "${files[@]}" | xargs -P "$jobs" -I{} bash -c 'tidy "$@"' bash "$database" {}
echo "${#files[@]} files: cppcheck and clang-tidy have no complaints"

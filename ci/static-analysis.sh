#!/usr/bin/env bash
# clang-tidy (.clang-tidy) and cppcheck (.cppcheck-suppressions) over the sources; ends with an error at the first complaint of either.
# Usage: ci/static-analysis.sh [FILES OR FOLDERS]   (src grammars, without any; needs a configured build/release)
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build/release}
[ -e "$build/compile_commands.json" ] || { echo "configure first: cmake --preset release" >&2; exit 2; }
[ $# -gt 0 ] || set -- src grammars
mapfile -t files < <(find "$@" -name '*.cpp' | sort)
jobs=${JOBS:-$(nproc)}

# Headers that GCC has precompiled are none for clang.
database=$(mktemp -d)
trap 'rm -rf "$database"' EXIT
sed -E 's/-Winvalid-pch//; s/-include [^ ]*cmake_pch\.hxx//; s/-Wno-(restrict|stringop-overflow|stringop-overread|array-bounds|maybe-uninitialized)//g' "$build/compile_commands.json" >"$database/compile_commands.json"

printf '%s\n' "${files[@]}" | xargs -P "$jobs" -n 1 clang-tidy --quiet --warnings-as-errors='*' -p "$database" 2>/dev/null

cppcheck --quiet --std=c++20 --language=c++ --enable=warning,performance,portability --inline-suppr --suppressions-list=.cppcheck-suppressions \
    --error-exitcode=1 -j "$jobs" -I include -I src -I . "${files[@]}"
echo "${#files[@]} files: clang-tidy and cppcheck have no complaints"

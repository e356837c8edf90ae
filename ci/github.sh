#!/usr/bin/env bash
# The step of action.yml: annotations to the log, SARIF for code scanning, Markdown for the job summary. The exit code is
# that of lint. FILES and ARGUMENTS are separated by blanks, without a shell's quotes or patterns.
set -euo pipefail
read -r -a files <<<"${FILES//$'\n'/ }"
read -r -a arguments <<<"${ARGUMENTS:-}"
summary=$(mktemp)
trap 'rm -f "$summary"' EXIT
code=0
"${PORTCULLIS:-portcullis}" lint "${arguments[@]}" -o github -o "sarif=$SARIF" -o "markdown=$summary" -- "${files[@]}" || code=$?
# GitHub refuses a summary of more than a mebibyte.
if [[ $(stat -c %s "$summary") -le 1000000 ]]; then
    cat "$summary" >>"$GITHUB_STEP_SUMMARY"
else
    echo "portcullis found too much to list here; see the SARIF report." >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"

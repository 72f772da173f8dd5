#!/bin/sh
# make test: lint, types, the whole suite with branch coverage, and in the last lines what was not covered.
# Budget on two cores, installing not counted: at most 300 s together; by suite in docs/for-developers.md.
# With arguments (a path, -k …) only pytest is told, and runs all it selects in one go.
set -u
cd "$(dirname "$0")/.."
failed=""
missed=""
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset PYTHONDONTWRITEBYTECODE  # stories start dozens of processes; each would compile the whole program again

stage() {
  name=$1; shift
  begun=$(date +%s)
  if "$@"; then word=ok; else word=FAILED; failed="$failed $name"; fi
  echo "== $name: $word in $(($(date +%s) - begun)) s"
}

browser() {
  for at in chromium chromium-browser google-chrome; do command -v "$at" >/dev/null && return 0; done
  sudo=""
  if [ "$(id -u)" != 0 ]; then sudo="sudo -n"; $sudo true 2>/dev/null || return 1; fi
  command -v apt-get >/dev/null || return 1
  echo "installing Chromium for the browser tests …"
  { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1
}

browser || missed="browser tests: no Chromium here and no right to install it (apt-get install chromium)"

stage lint sh -c 'ruff check -q . && ruff format -q --check .'
# Two cores, and three things at once: tests that wait for frames, paper, boards and other processes most of their time,
# in a run of their own; types; and everything else on two workers. The first two measure no coverage.
aside() {
  name=$1; shift
  begun=$(date +%s)
  if "$@"; then word=ok; else word=FAILED; fi
  echo "== $name: $word in $(($(date +%s) - begun)) s"
}

waiting="tests/devices/conformance tests/firmware tests/flows/test_lab_page.py tests/flows/browser tests/flows/test_demo.py
  tests/flows/test_cli_serve.py tests/flows/test_lab_server.py tests/flows/test_sandbox_server.py tests/flows/test_stranger_*.py"
left_to_it=""
asides="types"
aside types nice mypy --no-error-summary >"$scratch/types" 2>&1 &
if [ $# = 0 ]; then
  for each in $waiting; do left_to_it="$left_to_it --ignore=$each"; done
  asides="$asides waiting"
  # shellcheck disable=SC2086  # several paths
  aside waiting python -m pytest -q --costs --trust=.trust-waiting.json -p no:cacheprovider \
    -m "not slow" $waiting >"$scratch/waiting" 2>&1 &
else
  rm -f .trust-waiting.json
fi
# shellcheck disable=SC2086  # several options
stage tests python -m pytest -n "${WORKERS:-2}" --dist loadgroup -q --costs --trust=.trust.json --cov --cov-report= \
  -m "not slow" $left_to_it "$@"
wait
for each in $asides; do
  cat "$scratch/$each"
  grep -q "^== $each: ok" "$scratch/$each" || failed="$failed $each"
done
python -m coverage report >"$scratch/coverage" 2>&1 && tail -40 "$scratch/coverage"

echo
if [ -n "$missed" ]; then echo "NOT COVERED: $missed"; fi
if [ -n "$failed" ]; then echo "FAILED:$failed"; exit 1; fi
echo "all stages passed"

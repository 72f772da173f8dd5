#!/bin/sh
# make test: lint, types, the whole suite with branch coverage, and in the last lines what was not covered.
# Budget on two cores, installing not counted: at most 300 s together; by suite in docs/for-developers.md.
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
# Types need one core and the tests wait for processes, devices and pages at times: the two together fill both.
{
  begun=$(date +%s)
  if nice mypy --no-error-summary; then word=ok; else word=FAILED; fi
  echo "== types: $word in $(($(date +%s) - begun)) s"
} >"$scratch/types" 2>&1 &
types=$!
stage tests python -m pytest -n "${WORKERS:-2}" --dist loadgroup -q --costs --trust=.trust.json --cov --cov-report= -m "not slow" "$@"
wait "$types"
cat "$scratch/types"
grep -q "^== types: ok" "$scratch/types" || failed="$failed types"
python -m coverage report >"$scratch/coverage" 2>&1 && tail -40 "$scratch/coverage"

echo
if [ -n "$missed" ]; then echo "NOT COVERED: $missed"; fi
if [ -n "$failed" ]; then echo "FAILED:$failed"; exit 1; fi
echo "all stages passed"

#!/bin/sh
# make test: lint, types, the whole suite with branch coverage, and in the last lines what was not covered.
# Budget on two cores, installing not counted: lint 5 s, types 60 s, tests 210 s; together at most 300 s.
set -u
cd "$(dirname "$0")/.."
failed=""
missed=""

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
stage types mypy --no-error-summary
stage tests python -m pytest -n "${WORKERS:-2}" --dist loadgroup -q --durations=12 --durations-min=4 --cov --cov-report= -m "not slow" "$@"
python -m coverage report --format=total >/dev/null 2>&1 && python -m coverage report | tail -40

echo
if [ -n "$missed" ]; then echo "NOT COVERED: $missed"; fi
if [ -n "$failed" ]; then echo "FAILED:$failed"; exit 1; fi
echo "all stages passed"

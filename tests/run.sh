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

# Five things at once on two cores, each test in one of them: parts that never meet need no worker that reads all tests
# again, and no one who hands them out. What waits for frames, paper, boards and other processes most of its time
# measures no coverage; types and it leave the processor to the others.
waiting="tests/devices/conformance tests/firmware tests/flows/test_lab_page.py tests/flows/browser tests/flows/test_demo.py
  tests/flows/test_cli_serve.py tests/flows/test_lab_server.py tests/flows/test_sandbox_server.py tests/flows/test_stranger_*.py"
# shellcheck disable=SC2086,SC2116  # names for patterns, on one line
waiting=$(echo $waiting)
stories="tests/devices"  # and half of the flows: they wait too, so two halves at once
for each in tests/flows/test_[a-d]*.py; do
  case " $waiting " in *" $each "*) ;; *) stories="$stories $each" ;; esac
done
asides="types"
left_to_it=""

aside() {
  name=$1; shift
  begun=$(date +%s)
  if "$@"; then word=ok; else word=FAILED; fi
  echo "== $name: $word in $(($(date +%s) - begun)) s"
}

part() {
  name=$1; shift
  env --default-signal=INT,QUIT python -m pytest -q --costs --trust=".trust-$name.json" -p no:cacheprovider -m "not slow" "$@"
}

counted() {
  COVERAGE_FILE="$scratch/coverage-$1" part "$@" --cov --cov-report=
}

aside types nice mypy --no-error-summary >"$scratch/types" 2>&1 &
if [ $# = 0 ]; then
  for each in $waiting; do left_to_it="$left_to_it --ignore=$each"; done
  halves=""
  for each in $stories; do halves="$halves --ignore=$each"; done
  asides="$asides waiting units more-stories"
  rm -f .trust*.json
  # shellcheck disable=SC2086  # several paths
  aside waiting part waiting $waiting >"$scratch/waiting" 2>&1 &
  # shellcheck disable=SC2086
  aside units counted units --ignore=tests/flows --ignore=tests/devices --ignore=tests/firmware >"$scratch/units" 2>&1 &
  # shellcheck disable=SC2086
  aside more-stories counted more-stories tests/flows $halves $left_to_it >"$scratch/more-stories" 2>&1 &
  # shellcheck disable=SC2086
  stage stories counted stories $stories $left_to_it
else
  stage tests counted tests -n "${WORKERS:-2}" --dist loadgroup "$@"
fi
wait
for each in $asides; do
  cat "$scratch/$each"
  grep -q "^== $each: ok" "$scratch/$each" || failed="$failed $each"
done
python -m coverage combine -q "$scratch"/coverage-* && python -m coverage report >"$scratch/report" 2>&1
tail -40 "$scratch/report"

echo
if [ -n "$missed" ]; then echo "NOT COVERED: $missed"; fi
if [ -n "$failed" ]; then echo "FAILED:$failed"; exit 1; fi
echo "all stages passed"

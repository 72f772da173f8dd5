#!/bin/sh
# make test: lint, types, the whole suite with branch coverage, and in the last lines what was not covered.
# Budget on two cores, installing not counted: at most 300 s together; by suite in docs/for-developers.md.
# With arguments (a path, -k …) only pytest is told, and runs all it selects in one go.
# shellcheck disable=SC2046,SC2086,SC2116  # lists of paths without blanks, one word each
set -u
cd "$(dirname "$0")/.."
failed=""
missed=""
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset PYTHONDONTWRITEBYTECODE  # stories start dozens of processes; each would compile the whole program again

# What was begun ends before this does. Tests are interrupted, so that their servers and folders go with them: at once,
# unless the terminal has told them already, and every ten seconds again: one of them may take it for its own matter.
ended() {
  trap '' TERM INT
  echo "== ended by $1 once all that was begun has ended"
  if [ "$1" = INT ]; then ask 0; else ask INT; fi
  waited=0
  while below $$ | grep -Fxsf "$scratch/tests" >/dev/null; do  # with -q it would leave who writes to it
    sleep 1
    waited=$((waited + 1))
    if [ $waited -ge 60 ]; then ask KILL; break; fi
    if [ $((waited % 10)) = 0 ]; then ask INT; fi
  done
  wait
  exit "$2"
}

below() {  # every process that this one began, but for what tests have begun themselves
  for one in $(cat "/proc/$1"/task/*/children 2>/dev/null); do
    echo "$one"
    grep -qxs "$one" "$scratch/tests" || below "$one"
  done
}

ask() {
  for one in $(below $$); do
    if grep -qxs "$one" "$scratch/tests"; then kill -s "$1" "$one"; else kill "$one"; fi
  done 2>/dev/null
}

trap 'ended TERM 143' TERM
trap 'ended INT 130' INT

stage() {
  name=$1; shift
  begun=$(date +%s)
  "$@" &  # while a command is waited for so, and only then, a signal is heard at once
  if wait $!; then word=ok; else word=FAILED; failed="$failed $name"; fi
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

# Six things at once on two cores, each test in one of them: parts that never meet need no worker that reads all tests
# again, and no one who hands them out. What waits for frames, paper, boards and other processes most of its time
# measures no coverage, and is in two parts: one after the other they waited longer than all others computed. What only
# computes leaves the processor to those who wait, and has both cores once they are done.
windows="tests/flows/browser"
waiting="tests/devices/conformance tests/firmware tests/flows/test_lab_page.py tests/flows/test_demo.py
  tests/flows/test_cli_serve.py tests/flows/test_lab_server.py tests/flows/test_sandbox_server.py
  tests/flows/test_stranger_*.py"
waiting=$(echo $waiting)
stories="tests/devices tests/unit/journal tests/torture"  # and half of the flows: they wait too, so two halves at once
for each in tests/flows/test_[a-d]*.py; do
  case " $waiting " in *" $each "*) ;; *) stories="$stories $each" ;; esac
done
others="tests/simulation tests/fuzz tests/unit/cli"
for each in tests/test_*.py; do others="$others $each"; done
gently=""

without() {
  for each in "$@"; do printf ' --ignore=%s' "$each"; done
}

aside() {
  name=$1; shift
  begun=$(date +%s)
  if "$@"; then word=ok; else word=FAILED; fi
  echo "== $name: $word in $(($(date +%s) - begun)) s"
}

part() {
  name=$1; shift
  trap 'exit 143' TERM  # once its tests have ended: whose parent is gone nobody waits for
  # shellcheck disable=SC2086  # a command with its option, or nothing
  $gently sh -c 'echo $$ >>"$0"; exec "$@"' "$scratch/tests" env --default-signal=INT,QUIT python -m pytest -q --costs --costs-into="$scratch/costs-$name" \
    --trust=".trust-$name.json" -p no:cacheprovider -m "not slow" "$@"
}

counted() {
  COVERAGE_FILE="$scratch/coverage-$1" part "$@" --cov --cov-report=
}

computes() {
  gently="nice -n 3"
  counted "$@"
}

if [ $# = 0 ]; then
  asides="types others waiting windows units more-stories"
  measured="others units more-stories stories"
  rm -f .trust*.json
  aside waiting part waiting $waiting >"$scratch/waiting" 2>&1 &
  aside windows part windows $windows >"$scratch/windows" 2>&1 &
  {
    aside types mypy --no-error-summary >"$scratch/types" 2>&1
    aside others computes others $others >"$scratch/others" 2>&1
  } &
  aside units computes units tests $(without tests/flows tests/devices tests/firmware $stories $others) \
    >"$scratch/units" 2>&1 &
  aside more-stories counted more-stories tests/flows $(without $stories $waiting $windows) \
    >"$scratch/more-stories" 2>&1 &
  stage stories counted stories $stories $(without $waiting)
else
  asides="types"
  measured="tests"
  aside types nice mypy --no-error-summary >"$scratch/types" 2>&1 &
  stage tests counted tests -n "${WORKERS:-2}" --dist loadgroup "$@"
fi
wait
for each in $asides; do
  cat "$scratch/$each"
  grep -q "^== $each: ok" "$scratch/$each" || failed="$failed $each"
done
echo "all parts together:"
python -m tests.costs "$scratch"/costs-*
for each in $measured; do [ -s "$scratch/coverage-$each" ] || failed="$failed coverage-of-$each"; done
: >"$scratch/report"
if python -m coverage combine -q "$scratch"/coverage-* && python -m coverage report >"$scratch/report" 2>&1; then
  tail -40 "$scratch/report"
else
  failed="$failed coverage"
  cat "$scratch/report"
fi

echo
if [ -n "$missed" ]; then echo "NOT COVERED: $missed"; fi
if [ -n "$failed" ]; then echo "FAILED:$failed"; exit 1; fi
echo "all stages passed"

#!/bin/sh
# From a bare Debian box to a till at power-on: run as root from the folder of the release, without any network.
#   sh install.sh [--dry-run] [--backups /media/stick/countertop] [--no-kiosk]
# The wheels beside this file are installed by release.lock, every one checked against its hash.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "$(id -u)" != 0 ]; then
  echo "This changes the machine: run it as root, sudo sh $0" >&2
  exit 1
fi
if ! python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or newer and its venv package are missing: apt-get install python3 python3-venv" >&2
  exit 1
fi
first=$(mktemp -d)
trap 'rm -rf "$first"' EXIT
python3 -m venv "$first"
if ! "$first/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$here" \
  --only-binary :all: --require-hashes -r "$here/release.lock"; then
  echo "Nothing was changed. A release is for one Python, and this machine has $(python3 -V): make one with the same" >&2
  exit 1
fi
"$first/bin/countertop" install --wheels "$here" "$@"

#!/bin/sh
# The whole way, by hand and as root: a bare Debian in a folder, the release into it, installed there without a network
# of its own, the till's page asked for. Ends with 0 when the page answered.
#   sh tests/installation/trial.sh FOLDER [WHEELS]
# What it cannot show: systemd, udev and the screen, which do not run in a chroot.
set -eu
place=$1
wheels=${2:-}
suite=bookworm
python=${PYTHON:-.venv/bin/python}
port=${PORT:-17600}  # a chroot shares this machine's ports: not the one that somebody's demo has
[ "$(id -u)" = 0 ] || { echo "debootstrap and chroot need root" >&2; exit 1; }

inside() { env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot "$place" "$@"; }
step() { echo "$(date -u +%H:%M:%S)  $*"; }

step "a bare Debian ($suite, minbase, python3, python3-venv) in $place"
[ -x "$place/usr/bin/python3" ] || debootstrap --variant=minbase --include=python3,python3-venv \
  "$suite" "$place" http://deb.debian.org/debian >"$place.log" 2>&1

step "the release: wheel, locked wheels, release.lock, install.sh"
rm -rf "$place/root/release"
$python -m tests.release "$place/root/release" ${wheels:+"$wheels"}

step "install.sh inside: nothing but that folder is read"
inside unshare --net sh /root/release/install.sh

step "once more: nothing changes"
inside countertop install | tee "$place.again"
grep -q "nothing was changed" "$place.again"

step "another port in the settings; the installer leaves them alone"
sed -i "s/^port = .*/port = $port/" "$place/etc/countertop/countertop.toml"
inside countertop install | grep -q "nothing was changed"

step "countertop serve --check, as the service's own user"
inside setpriv --reuid=countertop --regid=countertop --init-groups \
  countertop serve --check --config /etc/countertop/countertop.toml

step "the service, as its own user, and the till's page"
chroot "$place" /usr/bin/setpriv --reuid=countertop --regid=countertop --init-groups \
  /opt/countertop/current/bin/countertop serve --config /etc/countertop/countertop.toml >"$place.serve" 2>&1 &
service=$!
trap 'kill "$service" 2>/dev/null || true' EXIT
inside python3 - "$port" <<'PAGE'
import sys, time, urllib.error, urllib.request
for attempt in range(150):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/checkout", timeout=5) as page:
            text = page.read().decode()
            print(page.status, page.url, text.split("<title>")[1].split("</title>")[0])
            assert "New shop" in text, "another service answers there"
            break
    except urllib.error.URLError:
        time.sleep(0.2)
else:
    raise SystemExit("no page")
PAGE
kill "$service"
wait "$service" || true
trap - EXIT
cat "$place.serve"

step "the night's backup, as its unit runs it"
inside setpriv --reuid=countertop --regid=countertop --init-groups \
  countertop backup --to /var/backups/countertop --config /etc/countertop/countertop.toml

step "countertop uninstall: settings, secrets and payments stay"
inside countertop uninstall >"$place.uninstall"
tail -n 12 "$place.uninstall"
[ -f "$place/etc/countertop/secrets.toml" ] && [ -f "$place/var/lib/countertop/journal.db" ]
[ ! -e "$place/opt/countertop" ]
step "done"

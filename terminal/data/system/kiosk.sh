#!/bin/sh
# The till's page, full screen, on this machine's display. Started by countertop-kiosk.service.
set -eu
page=${COUNTERTOP_PAGE:-http://127.0.0.1:7600/checkout}
address=${page#*://}
address=${address%%/*}

# the first start makes keys and a journal: wait up to two minutes for it rather than show an error page
tries=0
until /opt/countertop/current/bin/python -c \
  'import socket, sys; host, port = sys.argv[1].rsplit(":", 1); socket.create_connection((host, int(port)), 2).close()' \
  "$address" 2>/dev/null || [ "$tries" -ge 240 ]; do
  tries=$((tries + 1))
  sleep 0.5
done

browser=$(command -v chromium || command -v chromium-browser)
set -- "$browser" --kiosk --no-first-run --noerrdialogs --disable-session-crashed-bubble --disable-pinch \
  --overscroll-history-navigation=0 --disable-sync --disable-background-networking --password-store=basic \
  --ozone-platform=wayland --user-data-dir="$HOME/chromium" "$page"

exec cage -s -- "$@"

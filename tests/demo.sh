#!/usr/bin/env bash
# `make demo`: starts the bundled site on this machine, crawls it with the real command, and opens Datasette on what came.
# DEMO_SERVE=no stops before serving. The bundled site is stopped in every case.
set -euo pipefail
db=${DEMO_DB:-demo.db} port=${DEMO_PORT:-8001} serve=${DEMO_SERVE:-yes}

work=$(mktemp -d)
site=
finish() {
  if [ -n "$site" ]; then
    kill "$site" 2>/dev/null || true
    wait "$site" 2>/dev/null || true
    site=
  fi
  rm -rf "$work"
}
trap finish EXIT

mkfifo "$work/ready"
python -m tests.replica --size demo >"$work/ready" 2>"$work/site.log" &
site=$!
# Blocks until the site says READY, or ends without a line when the site could not start.
ready=
read -r ready <"$work/ready" || true
case "$ready" in
  "READY http://127.0.0.1:"*) url=${ready#READY } ;;
  *)
    echo "the bundled site did not start:" >&2
    cat "$work/site.log" >&2
    exit 1
    ;;
esac

echo "A small site of invented councils is running at $url"
echo "+ wdtk --archive $db crawl everything --site $url"
wdtk --archive "$db" crawl everything --site "$url"
finish
echo "+ wdtk --archive $db extract"
wdtk --archive "$db" extract
echo "+ wdtk --archive $db study; wdtk --archive $db study --lexicon docs/examples/invented-systems.yml"
wdtk --archive "$db" --quiet study
wdtk --archive "$db" study --lexicon docs/examples/invented-systems.yml
trap - EXIT

if [ "$serve" = no ]; then
  exit 0
fi
echo
echo "+ wdtk --archive $db serve"
echo "Open http://127.0.0.1:$port/ in a browser; Ctrl-C ends it."
exec wdtk --archive "$db" serve --port "$port"

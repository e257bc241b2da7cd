#!/bin/sh
# Runs one app of the image, or the migrations; anything else is run as it stands.
set -eu
app="${1:-standalone}"
case "$app" in
  ingest | router | courier | admin | standalone)
    exec node --enable-source-maps --max-semi-space-size=64 "/app/dist/apps/$app/src/main.js"
    ;;
  migrate)
    exec node /app/tools/migrate.mjs
    ;;
  *)
    exec "$@"
    ;;
esac

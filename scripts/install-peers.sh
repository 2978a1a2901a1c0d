#!/bin/sh
# Installs the rivals that `smartedge bench` compares with, and the tools it is checked against, from Debian's packages.
# Needs root (or sudo). The services that the packages would start are not wanted and are switched off.
set -eu

run() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

if ! command -v apt-get >/dev/null; then
  echo 'No apt-get here: install nginx, haproxy, caddy, wrk and ab by other means.' >&2
  exit 1
fi
run apt-get update
run env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends nginx libnginx-mod-stream haproxy caddy wrk apache2-utils
if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then
  run systemctl disable --now nginx haproxy caddy || true
fi
nginx -v
haproxy -v | head -n 1
caddy version

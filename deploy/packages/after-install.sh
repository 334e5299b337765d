#!/bin/sh
# dpkg says `configure` and the version that was there, rpm how many versions there are now.
set -e
systemd-sysusers wolkvox-exporter.conf
case "$1:$2" in
  configure: | 1:)
    echo "wolkvox-exporter: fill in /etc/wolkvox-exporter/config.yaml, then: systemctl enable --now wolkvox-exporter" ;;
esac
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
# at an upgrade, and only if it runs
systemctl try-restart wolkvox-exporter.service

#!/bin/sh
# The configuration, the tokens and the state go when dpkg purges, and the user stays, as files may be its own. rpm knows
# no purge: what was changed stays there.
set -e
[ "$1" != purge ] || rm -rf /etc/wolkvox-exporter /var/lib/wolkvox-exporter
[ ! -d /run/systemd/system ] || systemctl daemon-reload

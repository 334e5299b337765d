#!/bin/sh
# Puts together what nfpm.yaml names, and makes a deb and an rpm of it: `make packages`. Nothing but these is written:
# build/packages, and the packages in the folder that is given.
set -eu
cd "$(dirname "$0")/../.."
# pip would find there what it is to install
unset PYTHONPATH
output=$1
# the interpreter by its own name: a distribution's next one has other extension modules
PYTHON_VERSION=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
python=/usr/bin/python$PYTHON_VERSION
[ -x "$python" ] || { echo "packages need the distribution's Python, and there is no $python" >&2; exit 1; }
VERSION=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' exporter/wolkvox_exporter/__init__.py)
case $(uname -m) in
  x86_64) ARCH=amd64 ;;
  aarch64) ARCH=arm64 ;;
  *) echo "there are no packages for $(uname -m)" >&2; exit 1 ;;
esac
ROOT=build/packages
installed=/opt/wolkvox-exporter
export ARCH MAINTAINER PYTHON_VERSION ROOT VERSION

# what an earlier build has left there would be in the wheel, too
rm -rf "$ROOT" build/lib
mkdir -p "$ROOT/completion" "$output"
"$python" -m venv "$ROOT/tools"
"$python" -m venv --without-pip "$ROOT/opt"
pip() { "$ROOT/tools/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install --require-hashes --requirement requirements/build.txt
pip --python "$ROOT/opt/bin/python" install --no-compile --require-hashes --requirement requirements/postgresql.txt
pip wheel --no-deps --no-build-isolation --wheel-dir "$ROOT" .
pip --python "$ROOT/opt/bin/python" install --no-compile --no-deps "$ROOT"/*.whl

# what names the folder in which it was put together, and what nobody runs
find "$ROOT/opt/bin" -type f ! -name wolkvox-exporter -delete
sed -i "1s|^#!.*|#!$installed/bin/python|" "$ROOT/opt/bin/wolkvox-exporter"
printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = %s\n' "$PYTHON_VERSION" > "$ROOT/opt/pyvenv.cfg"
# the service may write nowhere: what is not compiled here would be at each start
"$python" -m compileall -q --invalidation-mode unchecked-hash -s "$ROOT/opt" -p "$installed" "$ROOT/opt/lib"
for shell in bash zsh fish; do
  "$ROOT/opt/bin/python" -m wolkvox_exporter completion "$shell" > "$ROOT/completion/$shell"
done
for packager in deb rpm; do
  "$NFPM" package --config deploy/packages/nfpm.yaml --packager "$packager" --target "$output"
done

#!/usr/bin/env bash
# Makes a Python environment with pynetdicom, a peer of test/interop/, in the cache ($CONTOUR_NODE_CACHE, default
# ~/.cache/contour-node). The versions and their SHA-256 stand in deps/pynetdicom.txt. A second call ends at once.
# Called by `./setup --dev`.
set -euo pipefail

requirements="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/pynetdicom.txt"
environment="${CONTOUR_NODE_CACHE:-$HOME/.cache/contour-node}/pynetdicom"

say() { echo "pynetdicom: $*"; }

if cmp -s "$requirements" "$environment/installed.txt"; then
  say 'up to date'
  exit 0
fi
rm -rf "$environment"
mkdir -p "$(dirname "$environment")"
# The environment needs no pip of its own (Debian splits ensurepip off): the one that is there installs into it.
python3 -m venv --without-pip "$environment" || {
  say 'python3 cannot make an environment (Debian: apt-get install python3-venv)' >&2
  exit 1
}
site="$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')"
PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
  --target "$site" --requirement "$requirements" || {
  say 'pip could not install it; the tests that need it say so' >&2
  exit 1
}
cp "$requirements" "$environment/installed.txt"
say "installed ($("$environment/bin/python" -c 'import pynetdicom; print(pynetdicom.__version__)'))"

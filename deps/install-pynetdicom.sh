#!/usr/bin/env bash
# Makes a Python environment with pynetdicom, a peer of test/interop/, and pydicom, a judge, in the cache ($CONTOUR_NODE_CACHE, default
# ~/.cache/contour-node). The versions and their SHA-256 stand in deps/pynetdicom.txt, and those for the converter of the
# OpenKBP patients in deps/openkbp-converter.txt, SimpleITK, the judge of margins, in deps/simpleitk.txt, highdicom, the
# judge of segmentations, in deps/highdicom.txt, and what the Python chain of `npm run bench` needs in deps/python-chain.txt. A
# second call ends at once.
# Called by `./setup --dev`.
set -euo pipefail

deps="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
requirements="$deps/pynetdicom.txt"
converter="$deps/openkbp-converter.txt"
simpleitk="$deps/simpleitk.txt"
highdicom="$deps/highdicom.txt"
chain="$deps/python-chain.txt"
environment="${CONTOUR_NODE_CACHE:-$HOME/.cache/contour-node}/pynetdicom"

say() { echo "pynetdicom: $*"; }

if cat "$requirements" "$converter" "$simpleitk" "$highdicom" "$chain" | cmp -s - "$environment/installed.txt"; then
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
install() {
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --upgrade --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --target "$site" --requirement "$1"
}
install "$requirements" || {
  say 'pip could not install it; the tests that need it say so' >&2
  exit 1
}
install "$converter" || say 'numpy and contourpy are missing: the test that converts OpenKBP patients is skipped'
install "$simpleitk" || say 'SimpleITK is missing: the test that compares margins with it is skipped'
install "$highdicom" || say 'highdicom is missing: the tests that read segmentations with it are skipped'
install "$chain" || say 'onnxruntime for Python and rt-utils are missing: npm run bench leaves out the Python chain'
cat "$requirements" "$converter" "$simpleitk" "$highdicom" "$chain" > "$environment/installed.txt"
say "installed ($("$environment/bin/python" -c 'import pynetdicom; print(pynetdicom.__version__)'))"

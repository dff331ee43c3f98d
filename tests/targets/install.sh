#!/usr/bin/env bash
# Install what tests/targets runs foreign packages with, into build/targets: emulators and
# cross compilers of Debian, runtimes built for 32-bit machines, and an ARM64 system with wheels.
# A second call does nothing. Ten minutes on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(dirname "$(dirname "$here")")/build/targets
export PYTHON=${PYTHON:-python3}
packages=(qemu-user mmdebstrap clang pocl-opencl-icd g++-i686-linux-gnu g++-arm-linux-gnueabihf
  g++-arm-linux-gnueabi g++-aarch64-linux-gnu)

missing=()
for name in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
done
if ((${#missing[@]})); then
  if [[ $(id -u) != 0 ]]; then
    echo "Not installed: ${missing[*]}. As root, run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

mkdir -p "$build"
while read -r arch compiler; do
  [[ $build/run-$arch -nt $here/support/run_package.cc ]] ||
    "$here/build_runtime.sh" "$compiler" "$build/run-$arch"
done <<'TABLE'
X86 i686-linux-gnu-g++
ARM_EABIHF arm-linux-gnueabihf-g++
ARM_EABI arm-linux-gnueabi-g++
TABLE

# The root has the Python of this Debian; the wheels are those that pip would install there.
if [[ ! -d $build/arm64-site ]]; then
  rm -rf "$build/arm64" "$build/arm64-new"
  mmdebstrap --quiet --variant=extract --arch=arm64 --include=python3,libstdc++6,libexpat1,zlib1g \
    "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$build/arm64"
  version=$(basename "$(ls -d "$build"/arm64/usr/lib/python3.*/ | head -1)" | tr -d a-z)
  mapfile -t pins < <("$PYTHON" -c 'from importlib.metadata import version as v
for name in ("numpy", "apache-tvm", "apache-tvm-ffi", "typing_extensions"): print(f"{name}=={v(name)}")')
  "$PYTHON" -m pip install -q --no-deps --only-binary=:all: --python-version "$version" \
    --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
    --platform manylinux2014_aarch64 --target "$build/arm64-new" "${pins[@]}"
  mv "$build/arm64-new" "$build/arm64-site"
fi
echo "Installed. Now run: pytest -m targets"

#!/usr/bin/env bash
# Build TVM's runtime and a runner over it for a machine that has no wheel of them, from the
# sources in the installed wheels (Apache 2.0, as are its headers written anew in support/).
#   build_runtime.sh CXX OUTPUT    e.g. build_runtime.sh arm-linux-gnueabihf-g++ run-armhf
set -euo pipefail
cxx=$1 output=$2
here=$(cd "$(dirname "$0")" && pwd)
read -r tvm ffi < <("${PYTHON:-python3}" -c 'from importlib.util import find_spec as f
print(*(f(name).submodule_search_locations[0] for name in ("tvm", "tvm_ffi")))')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$tvm/src" "$work/src"
cp -r "$here/support/support" "$work/src/support"

runtime=(tensor device_api cpu_device_api workspace_pool thread_pool threading_backend module
  file_utils const_loader_module vm/vm vm/builtin vm/executable vm/bytecode
  memory/memory_manager logging)
ffi_core=(backtrace container custom_allocator dtype error function init_once object tensor)
ffi_extra=(env_c_api env_context json_parser json_writer library_module
  library_module_dynamic_lib library_module_system_lib module reflection_extra
  serialization structural_equal structural_hash structural_visit visit_error_context)
sources=("$here/support/run_package.cc")
for name in "${runtime[@]}"; do sources+=("$work/src/runtime/$name.cc"); done
for name in "${ffi_core[@]}"; do sources+=("$ffi/src/ffi/$name.cc"); done
for name in "${ffi_extra[@]}"; do sources+=("$ffi/src/ffi/extra/$name.cc"); done

flags=(-std=c++17 -O0 -fPIC -w -Wno-psabi -I"$here/support" -I"$tvm/include" -I"$ffi/include"
  -I"$ffi/3rdparty/dlpack/include" -DTVM_FFI_USE_LIBBACKTRACE=0 -DTVM_FFI_BACKTRACE_ON_SEGFAULT=0
  -DTVM_FFI_EXPORTS -DTVM_RUNTIME_EXPORTS -DTVM_THREADPOOL_USE_OPENMP=0)
compile() {
  local object
  object=$(printf '%s' "$1" | md5sum | cut -c1-16).o
  "$cxx" "${flags[@]}" -c "$1" -o "$work/$object"
}
export -f compile
export cxx work
printf '%s\n' "${sources[@]}" | FLAGS="${flags[*]}" xargs -P "$(nproc)" -I{} \
  bash -c 'read -ra flags <<<"$FLAGS"; compile "$1"' _ {}
# The package takes its symbols from the program; libatomic serves old ARM.
"$cxx" -rdynamic -o "$output" "$work"/*.o -ldl -lpthread -latomic -static-libstdc++ -static-libgcc

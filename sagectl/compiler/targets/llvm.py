"""LLVM's own knowledge of processors: which exist for a triple, what each has."""

from __future__ import annotations

from functools import cache
from typing import Any

from sagectl.compiler.importing import import_tvm


def features(triple: str, mcpu: str, mattr: tuple[str, ...]) -> frozenset[str]:
    """The features that code for this processor may use, in LLVM's names."""
    import_tvm()
    from tvm.target.codegen import llvm_get_cpu_features

    # Feature lists take no part in LLVM's choice of a float ABI, and it in none of theirs.
    return frozenset(str(name) for name in llvm_get_cpu_features(_target(triple, mcpu, mattr)))


@cache
def processors(triple: str) -> tuple[str, ...]:
    """The processors that LLVM knows for a triple, sorted."""
    import_tvm()
    from tvm.target.codegen import llvm_get_cpu_archlist

    return tuple(sorted(str(name) for name in llvm_get_cpu_archlist(_target(triple, "", ()))))


@cache
def known_features(triple: str) -> frozenset[str]:
    """Every feature that some processor of a triple has (25 ms the first time)."""
    known: frozenset[str] = frozenset()
    for name in processors(triple):
        known |= features(triple, name, ())
    return known


def host_processor() -> tuple[str, tuple[str, ...]]:
    """This machine's processor: LLVM's name and how its features differ from the name's.

    A virtual machine may hide what the processor's name promises.
    """
    import_tvm()
    import tvm_ffi
    from tvm.target.codegen import llvm_get_system_cpu, llvm_get_system_triple

    triple, name = str(llvm_get_system_triple()), str(llvm_get_system_cpu())
    promised = features(triple, name, ())
    found = {
        str(feature): bool(present)
        for feature, present in tvm_ffi.get_global_func(
            "tvm.codegen.llvm.GetHostCPUFeatures"
        )().items()
    }
    differing = sorted(
        feature for feature, present in found.items() if present != (feature in promised)
    )
    return name, tuple(f"{'+' if found[feature] else '-'}{feature}" for feature in differing)


def _target(triple: str, mcpu: str, mattr: tuple[str, ...]) -> Any:
    import_tvm()  # the compiler's library, without which nothing is known
    from tvm.target import Target

    described: dict[str, Any] = {"kind": "llvm", "mtriple": triple}
    if mcpu:
        described["mcpu"] = mcpu
    if mattr:
        described["mattr"] = list(mattr)
    return Target(described)

"""The deployer's loader of compiled packages: numpy and apache-tvm-ffi alone."""

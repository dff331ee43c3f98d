"""The operations, one module per family; each has OPERATIONS: name -> function."""

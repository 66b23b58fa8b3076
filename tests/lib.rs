//! Whole flows of the core against the local stack: see `e2e/`.

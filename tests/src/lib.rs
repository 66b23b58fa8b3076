//! Whole flows against the local stack; the tests are in `tests/e2e`.

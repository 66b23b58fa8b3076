//! From a service's error to its cause and the exact fix, by one table.

pub(crate) mod classify;

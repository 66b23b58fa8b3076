//! Why a file is opened. Each platform has its own way to grant just that and nothing more.

/// What a file is opened for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Access {
    Read,
    /// For writing; it is an error when the file is there.
    CreateNew,
    /// For writing over what is there.
    Overwrite,
    /// For locking; made when it is not there.
    Lock,
}

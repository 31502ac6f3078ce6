//! Every limit of the formats in one place. Sizes are bytes unless the name says otherwise.

/// Nesting of passive values, encoding and decoding. One more raises `LimitExceeded`.
pub const MAX_DEPTH: usize = 10_000;

/// Nesting up to which `auto` calls a value JSON: other JSON readers stop soon after this.
pub const JSON_EXACT_DEPTH: usize = 200;

/// The longest key, in bytes of UTF-8.
pub const MAX_KEY: usize = 16 * 1024;

/// The longest payload and the longest frame: what SQLite, the narrowest backend, could ever
/// be asked to describe, and small enough that no length sum overflows 64 bits.
pub const MAX_PAYLOAD: u64 = 1 << 46;

/// From this size on a value lives in a side file of the SQLite store rather than in its row.
pub const SIDE_FILE: usize = 128 * 1024;

/// From this size on what a task is asked to do, or gave back, lives in a side file of the queue rather
/// than in its row.
pub const TASK_SIDE_FILE: usize = 32 * 1024;

/// The most segments beside one payload: a header that names them all has at most 2.6 MB.
pub const MAX_SEGMENTS: usize = 1 << 16;

/// The largest array inside a payload; a larger one is a segment beside it.
pub const INLINE_ARRAY: usize = 64 * 1024;

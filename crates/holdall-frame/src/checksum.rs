//! The checksum over header and payload: it finds damage, not forgery (that is the signature's).

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// How many bytes the checksum takes; it ends the header.
pub(crate) const LEN: usize = 4;

/// The checksum of a payload under the header bytes that precede the checksum.
///
/// The header's hash is the seed of the payload's, rather than one hash over both, because the
/// two may lie apart and one-shot hashing of small inputs is several times quicker than feeding
/// a state.
pub(crate) fn checksum(head: &[u8], payload: &[u8]) -> [u8; LEN] {
    let [a, b, c, d, ..] = xxh3_64_with_seed(payload, xxh3_64(head)).to_le_bytes();
    [a, b, c, d]
}

//! Any bytes are read as CBOR or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| holdall_testkit::tally::read_cbor(bytes));

//! Side data: what registered serializers write beside a value.
//!
//! The payload of such a value begins with references, which [`token_of`] knows from other payloads by
//! their first bytes; what they are otherwise is the serializers' part. [`files`] says what lies in the
//! folder of one object, and [`check`] whether that is still so.

mod files;
mod token;

pub use files::{SideFile, check, files};
pub use token::token_of;

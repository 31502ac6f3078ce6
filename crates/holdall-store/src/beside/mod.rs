//! Side data: what registered serializers write beside a value.
//!
//! The payload of such a value begins with references, which [`token_of`] knows from other payloads by
//! their first bytes; what they are otherwise is the serializers' part. [`files`] says what lies in the
//! folder of one object, and [`check`] whether that is still so.
//!
//! A [`Place`] is where the side data of one store lies: a folder for each key, and in it one for each
//! token. Who writes makes the folder of a fresh token ([`Draft`]), then the value that names it; the value is
//! what publishes it. Whoever changed a key then removes ([`Place::prune`]) what its value does not name, but
//! for folders whose writers are still at work: each of those does the same when it is done. What writers that
//! were killed left goes with [`Place::sweep`].

mod draft;
mod files;
mod place;
mod prune;
mod store;
mod taken;
mod temporary;
mod token;

pub use draft::Draft;
pub use files::{SideFile, check, files};
pub use place::Place;
pub use prune::Gone;
pub(crate) use store::Listener;
pub use store::{Hook, Unpublished};
pub use taken::drop_taken;
pub use token::{set_token, token_of};

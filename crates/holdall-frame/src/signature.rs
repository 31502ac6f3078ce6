//! The signature: keyed BLAKE3 over everything that a reader will rely on.

use holdall_types::Codec;

use crate::keyset::{KeyEntry, KeyId, Keyset};

/// How many bytes a MAC takes.
pub(crate) const MAC_LEN: usize = blake3::OUT_LEN;

/// The signature in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key that signed.
    pub key_id: KeyId,
    /// Keyed BLAKE3 over header, payload and context.
    pub mac: [u8; 32],
}

/// What a frame is signed as. Each purpose has its own subkey, so that a signed value is never a
/// valid task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A value of a store, or of `dumps`.
    Value,
    /// A task for a worker.
    Task,
    /// What a task gave back.
    Result,
    /// What a workflow keeps of a node.
    Workflow,
}

impl Purpose {
    /// `value`, `task`, `result`, `workflow`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Task => "task",
            Self::Result => "result",
            Self::Workflow => "workflow",
        }
    }

    /// What such a frame is called in messages.
    #[must_use]
    pub fn what(self, codec: Codec) -> String {
        match self {
            Self::Value => format!("{} payload", codec.name()),
            Self::Task => "task's message".to_owned(),
            Self::Result => "task's result".to_owned(),
            Self::Workflow => "workflow's record".to_owned(),
        }
    }

    /// What else may be done about one that cannot be verified: of a value only, for what would run is
    /// never taken on trust.
    #[must_use]
    pub const fn or_else(self) -> &'static str {
        match self {
            Self::Value => ", or read it with trust=\"all\" if you trust whoever wrote it",
            Self::Task | Self::Result | Self::Workflow => "",
        }
    }
}

/// What a signature or a seal is made and checked with.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// Its primary key signs and seals; any enabled key verifies and opens.
    pub keyset: &'a Keyset,
    /// What the frame is.
    pub purpose: Purpose,
    /// What the frame belongs to: empty for a value, the task's id for a task.
    pub context: &'a [u8],
}

impl Signer<'_> {
    /// The MAC over the header bytes before it, the payload and the context. The three lengths
    /// close it, so that no byte can move from one part to the next.
    pub(crate) fn mac(&self, key: &KeyEntry, head: &[u8], payload: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(key.subkey(self.purpose));
        let parts = [head, payload, self.context];
        for part in parts {
            hasher.update(part);
        }
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
        }
        hasher.finalize()
    }
}

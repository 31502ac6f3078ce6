//! The codecs a payload can be written with.

/// How a payload's bytes are to be read. The number is the one in the frame (`docs/format.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Codec {
    /// Bytes as they are.
    Raw = 0,
    /// UTF-8 text.
    Text = 1,
    /// One JSON document (RFC 8259).
    Json = 2,
    /// One CBOR item (RFC 8949). Laid out, not built yet.
    Cbor = 3,
    /// A pickle, protocol 5. Active: reading it can run code.
    Pickle = 4,
}

impl Codec {
    /// The codec of a number in a frame, or `None` for one this version does not know.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Raw,
            1 => Self::Text,
            2 => Self::Json,
            3 => Self::Cbor,
            4 => Self::Pickle,
            _ => return None,
        })
    }

    /// The number of this codec in a frame.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name users see: `raw`, `text`, `json`, `cbor`, `pickle`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Text => "text",
            Self::Json => "json",
            Self::Cbor => "cbor",
            Self::Pickle => "pickle",
        }
    }

    /// Whether the payload is UTF-8 that people and other programs read as text.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Json)
    }

    /// Whether reading such a payload can run code, so that it needs the reader's trust.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Pickle)
    }
}

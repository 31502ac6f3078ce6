//! What a run begins with.

/// The kinds of values. The numbers are part of every fingerprint: none may change or be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    /// Ends a container.
    End = 0,
    /// The hash of a run that is too long to stand here itself.
    Digest = 1,
    /// A container whose component is not complete, by the distance of its number.
    Back = 2,
    /// A member of a complete component, by the hash of that and its place in it.
    Member = 3,
    /// None.
    None = 4,
    /// True.
    True = 5,
    /// False.
    False = 6,
    /// `...`.
    Ellipsis = 7,
    /// `NotImplemented`.
    NotImplemented = 8,
    /// An int of up to 64 bits with its sign, in 8 bytes.
    Integer = 9,
    /// An int of more, in as few bytes as hold it, the lowest first, the sign in the highest bit.
    LongInteger = 10,
    /// The 8 bytes of a float.
    Float = 11,
    /// Two floats.
    Complex = 12,
    /// A str as UTF-8, lone surrogates likewise.
    Text = 13,
    /// Bytes.
    Bytes = 14,
    /// Bytes that can be changed.
    ByteArray = 15,
    /// A list.
    List = 16,
    /// A tuple.
    Tuple = 17,
    /// A dict: keys and values in turn, in its order.
    Dict = 18,
    /// A set.
    Set = 19,
    /// A frozenset.
    FrozenSet = 20,
    /// What describes any other value: a name for the kind, and values.
    Object = 21,
    /// Names and values in turn, in the order of the names.
    Attributes = 22,
    /// A NumPy array: the name of its dtype, its shape and its content.
    Array = 23,
    /// The items of an array, in C order.
    Content = 24,
}

impl Tag {
    /// Whether the items of such a container have no order of their own.
    pub(super) const fn is_unordered(self) -> bool {
        matches!(self, Self::Set | Self::FrozenSet)
    }
}

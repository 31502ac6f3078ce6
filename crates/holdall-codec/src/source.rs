//! A value that can be looked into.

/// One node of a value tree. `'a` is how long the tree is held still: nobody changes it while it is
/// being encoded.
pub trait Source<'a>: Copy {
    /// The items of a list, in order.
    type List: ExactSizeIterator<Item = Self>;
    /// The pairs of a map, in order. A key that is not a plain string is `None`.
    type Map: ExactSizeIterator<Item = (Option<&'a str>, Self)>;

    /// What this node is.
    fn node(self) -> Node<'a, Self>;

    /// The identity of a container that more than one reference may lead to; `None` where it is
    /// certain that only one does, so that nothing needs looking up.
    fn shared(self) -> Option<usize>;
}

/// The kinds of node that JSON knows, and all the rest.
#[derive(Debug)]
pub enum Node<'a, S: Source<'a>> {
    /// `None`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer in 64 bits with a sign.
    Int(i64),
    /// An integer in 64 bits without one.
    UInt(u64),
    /// A float.
    Float(f64),
    /// A str without lone surrogates.
    Str(&'a str),
    /// A list.
    List(S::List),
    /// A dict.
    Map(S::Map),
    /// Anything else: a subclass, a tuple, a larger integer, an instance.
    Other,
}

//! What values are built with.

/// A builder in postfix order: each call puts one value on a stack, and `list` and `map` take their
/// items back from it. So the decoder keeps only counters, and what was built so far is dropped
/// with the sink when an error ends the reading.
pub trait Sink {
    /// Why a value could not be built: no memory, in the main.
    type Error;

    /// Puts a null.
    ///
    /// # Errors
    /// The sink's own, here and below.
    fn null(&mut self) -> Result<(), Self::Error>;

    /// Puts a boolean.
    ///
    /// # Errors
    /// The sink's own.
    fn bool(&mut self, value: bool) -> Result<(), Self::Error>;

    /// Puts an integer.
    ///
    /// # Errors
    /// The sink's own.
    fn int(&mut self, value: i64) -> Result<(), Self::Error>;

    /// Puts an integer that does not fit 64 bits with a sign, from its decimal digits.
    ///
    /// # Errors
    /// The sink's own.
    fn big_int(&mut self, digits: &str) -> Result<(), Self::Error>;

    /// Puts a finite float.
    ///
    /// # Errors
    /// The sink's own.
    fn float(&mut self, value: f64) -> Result<(), Self::Error>;

    /// Puts a string, which is all ASCII if `ascii` says so, and only then.
    ///
    /// # Errors
    /// The sink's own.
    fn str(&mut self, value: &str, ascii: bool) -> Result<(), Self::Error>;

    /// Puts the key of the pair whose value comes next.
    ///
    /// # Errors
    /// The sink's own.
    fn key(&mut self, value: &str, ascii: bool) -> Result<(), Self::Error>;

    /// Takes the last `length` values and puts a list of them.
    ///
    /// # Errors
    /// The sink's own.
    fn list(&mut self, length: usize) -> Result<(), Self::Error>;

    /// Takes the last `length` keys with their values and puts a map of them. Of equal keys the
    /// last one counts.
    ///
    /// # Errors
    /// The sink's own.
    fn map(&mut self, length: usize) -> Result<(), Self::Error>;
}

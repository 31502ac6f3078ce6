//! Values in a store.

use holdall_store::{Payload, Put, Store};
use holdall_types::{Key, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::payload::{decode, encode};

/// What a [`Store`] keeps, as Rust values.
///
/// ```
/// use holdall::{Options, Store, Uri, Values};
///
/// let store = Store::open(&Uri::parse("memory://")?, &Options::default())?;
/// store.put_value("limits/upload", &(10_u32, "MB"))?;
/// assert_eq!(store.get_value::<(u32, String)>("limits/upload")?, Some((10, "MB".into())));
/// assert_eq!(store.get_value::<String>("limits/download")?, None);
/// # Ok::<(), holdall::Error>(())
/// ```
pub trait Values {
    /// Writes a value.
    ///
    /// # Errors
    /// Those of [`to_vec`](crate::to_vec) and of [`Store::put`]; `Validation` for a bad key.
    fn put_value<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()>;

    /// The value of a key, if it has one.
    ///
    /// # Errors
    /// Those of [`from_slice`](crate::from_slice) and of [`Store::get`]; `Validation` for a bad key.
    fn get_value<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>>;
}

impl Values for Store {
    fn put_value<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let key = Key::new(key)?;
        let (codec, bytes) = encode(value).map_err(|error| error.context(format_args!("put {key}")))?;
        let payload = Payload { codec, bytes: &bytes, python: None, active: false, segments: &[] };
        self.put(&key, &payload, &Put::default()).map(drop)
    }

    fn get_value<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let key = Key::new(key)?;
        let Some(loaded) = self.get(&key)? else { return Ok(None) };
        let value = decode(&loaded.header, loaded.payload());
        value.map(Some).map_err(|error| error.context(format_args!("get {key}")))
    }
}

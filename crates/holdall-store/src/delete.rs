//! Removing.

use holdall_backend::Condition;
use holdall_types::{Key, Result};

use crate::store::Store;

impl Store {
    /// Removes a value if the condition holds, and says whether it did and there was one.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn delete(&self, key: &Key<'_>, condition: Condition) -> Result<bool> {
        self.writable()?;
        let removed = self.backend.delete(key, condition, self.now());
        self.tidy_up(key.as_str(), None);
        removed
    }

    /// Removes several values and says how many there were.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn delete_many(&self, keys: &[Key<'_>]) -> Result<u64> {
        self.writable()?;
        let removed = self.backend.delete_many(keys, self.now());
        keys.iter().for_each(|key| self.tidy_up(key.as_str(), None));
        removed
    }

    /// Removes every value.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn clear(&self) -> Result<()> {
        self.writable()?;
        self.backend.clear()?;
        // The values are gone; what is left of this the next sweep finds.
        let _ = self.sweep_beside();
        Ok(())
    }
}

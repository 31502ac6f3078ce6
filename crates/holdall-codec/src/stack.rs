//! The containers that are open, innermost last.

use std::collections::TryReserveError;

const FEW: usize = 8;

/// A stack whose first few levels need no allocation: most values have no more, and a small one would
/// feel it.
pub(crate) struct Stack<T> {
    few: [Option<T>; FEW],
    many: Vec<T>,
    length: usize,
}

impl<T> Stack<T> {
    pub(crate) const fn new() -> Self {
        Self { few: [const { None }; FEW], many: Vec::new(), length: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, item: T) -> Result<(), TryReserveError> {
        match self.few.get_mut(self.length) {
            Some(slot) => *slot = Some(item),
            None => {
                self.many.try_reserve(1)?;
                self.many.push(item);
            }
        }
        self.length += 1;
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<T> {
        self.length = self.length.checked_sub(1)?;
        match self.few.get_mut(self.length) {
            Some(slot) => slot.take(),
            None => self.many.pop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pushed_last_is_popped_first() {
        let mut stack = Stack::new();
        for depth in [0, 1, FEW - 1, FEW, FEW + 1, 100] {
            for item in 0..depth {
                stack.push(item).unwrap();
            }
            assert_eq!(stack.len(), depth);
            assert!((0..depth).rev().all(|item| stack.pop() == Some(item)));
            assert_eq!(stack.pop(), None);
        }
    }
}

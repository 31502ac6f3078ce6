//! Writing CBOR, by an explicit stack.

use holdall_types::limits::MAX_DEPTH;

use super::source::Source;
use super::writer::Writer;
use crate::buffer::Buffer;

/// Why nothing was written, and the containers that were open: the path to the culprit.
#[derive(Debug)]
pub struct Stopped<O, E> {
    /// What the source said.
    pub error: E,
    /// The open containers, outermost first.
    pub open: Vec<O>,
}

/// Writes one value.
///
/// # Errors
/// The source's, with the path; the writer then holds rubbish.
pub fn encode<S: Source, B: Buffer>(
    source: &mut S,
    root: S::Value,
    out: &mut Writer<B>,
) -> Result<(), Stopped<S::Open, S::Error>> {
    let mut stack: Vec<S::Open> = Vec::new();
    match walk(source, root, out, &mut stack) {
        Ok(()) => Ok(()),
        Err(error) => Err(Stopped { error, open: stack }),
    }
}

fn walk<S: Source, B: Buffer>(
    source: &mut S,
    root: S::Value,
    out: &mut Writer<B>,
    stack: &mut Vec<S::Open>,
) -> Result<(), S::Error> {
    let mut value = root;
    loop {
        source.write(value, stack, out)?;
        if stack.len() > MAX_DEPTH {
            return Err(source.too_deep());
        }
        loop {
            let Some(open) = stack.last_mut() else { return Ok(()) };
            if let Some(inner) = source.next(open)? {
                value = inner;
                break;
            }
            stack.pop();
        }
    }
}

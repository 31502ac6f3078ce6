//! Reading CBOR, by an explicit stack.

use std::fmt;

use holdall_types::limits::MAX_DEPTH;

use super::reader::{Head, Reader};
use super::sink::{Shell, Sink};
use super::tag;

/// Why bytes were not read, and where.
#[derive(Debug)]
pub struct DecodeError<E> {
    /// What is wrong.
    pub fault: Fault<E>,
    /// How many bytes were read.
    pub offset: usize,
    /// The way from the outermost value to the one that is wrong.
    pub path: Vec<Step>,
}

/// What is wrong with bytes.
#[derive(Debug)]
pub enum Fault<E> {
    /// They are not CBOR, or none that holdall reads.
    Syntax(&'static str),
    /// They are nested deeper than 10,000 levels.
    TooDeep,
    /// The sink could not build a value.
    Sink(E),
}

/// One step into a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The n-th item of a sequence.
    Item(usize),
    /// The n-th pair of a map. Its key is with the sink.
    Pair(usize),
    /// The n-th key of a map.
    Key(usize),
    /// The n-th argument of a named object.
    Argument(usize),
    /// The n-th value of an instance of the class with this number.
    Field(usize, usize),
    /// The definition of a class.
    Definition,
}

impl<E> From<&'static str> for Fault<E> {
    fn from(reason: &'static str) -> Self {
        Self::Syntax(reason)
    }
}

impl<E: fmt::Display> fmt::Display for Fault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(reason) => f.write_str(reason),
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Self::Sink(error) => error.fmt(f),
        }
    }
}

/// What a container becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    List,
    Tuple,
    Set,
    Frozenset,
    Map,
    Named,
    Object,
}

/// A container that was begun. In a map both numbers count keys and values.
#[derive(Clone, Copy, Debug)]
struct Container {
    done: usize,
    length: usize,
    /// Its number among the shared values, if it is one.
    share: Option<u32>,
    /// The class of an object, once the first of its items was read.
    class: Option<u32>,
    kind: Kind,
}

/// The length of a container that only its end tells.
const UNTOLD: usize = usize::MAX;

#[derive(Clone, Copy, Debug)]
enum Open {
    Container(Container),
    Tag(u64),
    /// A shared value that is no container.
    Share(u32),
    Definition,
}

/// Reads exactly one item and leaves its value on the sink.
///
/// # Errors
/// [`DecodeError`]; what was built so far stays on the sink, to be dropped with it.
pub fn decode<S: Sink>(bytes: &[u8], sink: &mut S) -> Result<(), DecodeError<S::Error>> {
    let mut decoder = Decoder {
        reader: Reader::new(bytes),
        sink,
        stack: Vec::new(),
        class_next: false,
        depth: 0,
        owed: 0,
        shares: 0,
        classes: 0,
    };
    match decoder.run() {
        Ok(()) => Ok(()),
        Err(fault) => Err(DecodeError { fault, offset: decoder.reader.at(), path: decoder.path() }),
    }
}

struct Decoder<'a, 's, S> {
    reader: Reader<'a>,
    sink: &'s mut S,
    stack: Vec<Open>,
    /// An object was just opened: what comes next says of which class it is.
    class_next: bool,
    depth: usize,
    /// How many items the open containers still want: each takes a byte at least, so a short payload
    /// cannot announce much.
    owed: usize,
    shares: u32,
    classes: u32,
}

impl<'a, S: Sink> Decoder<'a, '_, S> {
    fn run(&mut self) -> Result<(), Fault<S::Error>> {
        loop {
            let more = if self.class_next {
                self.class()?
            } else {
                let head = self.reader.head_here()?;
                self.begin_here(head)?
            };
            if more {
                continue;
            }
            // Most values are items with others behind them.
            if let Some(Open::Container(Container { done, length, kind, .. })) = self.stack.last_mut()
                && *length != UNTOLD
                && *done + 1 < *length
                && matches!(kind, Kind::List | Kind::Tuple | Kind::Set | Kind::Frozenset)
            {
                *done += 1;
                self.owed -= 1;
                continue;
            }
            if self.completed()? {
                return if self.reader.left() == 0 {
                    Ok(())
                } else {
                    Err("more bytes after the value".into())
                };
            }
        }
    }

    /// Puts a scalar or opens a container; says whether more of the value is to come.
    fn begin(&mut self, head: Head<'a>) -> Result<bool, Fault<S::Error>> {
        self.begin_here(head)
    }

    /// The same, compiled into the loop.
    #[inline(always)]
    fn begin_here(&mut self, head: Head<'a>) -> Result<bool, Fault<S::Error>> {
        let sink = &mut *self.sink;
        match head {
            Head::UInt(number) => match i64::try_from(number) {
                Ok(number) => sink.int(number),
                Err(_) => sink.big_int(false, &number.to_be_bytes()),
            },
            Head::Text(text) => {
                if let Some(Open::Container(Container { kind: Kind::Map, done, length, .. })) =
                    self.stack.last_mut()
                    && *done % 2 == 0
                {
                    sink.key(text).map_err(Fault::Sink)?;
                    *done += 1;
                    self.owed -= usize::from(*length != UNTOLD);
                    return Ok(true);
                }
                sink.text(text)
            }
            Head::Float(value) => sink.float(value),
            Head::Negative(number) => match i64::try_from(number) {
                Ok(number) => sink.int(!number),
                Err(_) => sink.big_int(true, &number.to_be_bytes()),
            },
            Head::Bytes(bytes) => sink.bytes(bytes),
            Head::Bool(value) => sink.bool(value),
            Head::Null => sink.null(),
            Head::Array(length) => return self.open(Kind::List, length),
            Head::Map(length) => return self.open(Kind::Map, length.map(|pairs| pairs * 2)),
            Head::Tag(number) => return self.tag(number),
            Head::Undefined => match self.stack.last() {
                Some(Open::Container(Container { kind: Kind::Object, .. })) => sink.undefined(),
                _ => return Err("undefined, which stands only for a field that is not set".into()),
            },
            Head::Break => return self.end_of_container(),
        }
        .map_err(Fault::Sink)?;
        Ok(false)
    }

    /// The first item of an instance: the definition of its class, or that one's number.
    fn class(&mut self) -> Result<bool, Fault<S::Error>> {
        self.class_next = false;
        let mut ahead = self.reader;
        let definition = ahead.skip();
        match self.reader.head()? {
            Head::Array(length) => {
                if let Some(definition) = definition
                    && self.sink.known_class(definition).map_err(Fault::Sink)?
                {
                    self.reader = ahead;
                    self.classes += 1;
                    self.is_of(self.classes - 1)?;
                    return Ok(false);
                }
                self.push(Open::Definition)?;
                self.open(Kind::List, length)
            }
            Head::UInt(number) => {
                let class = u32::try_from(number).ok().filter(|class| *class < self.classes);
                self.is_of(class.ok_or("an instance of a class that was not defined")?)?;
                Ok(false)
            }
            _ => Err("an instance without a class".into()),
        }
    }

    fn is_of(&mut self, number: u32) -> Result<(), Fault<S::Error>> {
        if let Some(Open::Container(Container { class, share, .. })) = self.stack.last_mut() {
            *class = Some(number);
            if let Some(share) = *share {
                self.sink.shell(share as usize, Shell::Object(number as usize)).map_err(Fault::Sink)?;
            }
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind, length: Option<usize>) -> Result<bool, Fault<S::Error>> {
        if self.depth >= MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.owed = self.owed.saturating_add(length.unwrap_or(0));
        // Each open container has begun with one of those already.
        if self.owed > self.reader.left().saturating_add(self.depth) {
            return Err("the payload ends too early".into());
        }
        let mut share = None;
        if let Some(Open::Share(number)) = self.stack.last() {
            share = Some(*number);
            let shell = match (kind, length) {
                (Kind::List, _) => Some(Shell::List),
                (Kind::Map, _) => Some(Shell::Map),
                (Kind::Set, _) => Some(Shell::Set),
                (Kind::Tuple, Some(length)) => Some(Shell::Tuple(length)),
                _ => None,
            };
            if let Some(shell) = shell {
                self.sink.shell(*number as usize, shell).map_err(Fault::Sink)?;
            }
            self.stack.pop();
        }
        let container = Container { done: 0, length: length.unwrap_or(UNTOLD), share, class: None, kind };
        if length == Some(0) {
            self.close(container)?;
            return Ok(false);
        }
        self.depth += 1;
        self.class_next = kind == Kind::Object;
        self.push(Open::Container(container))?;
        Ok(true)
    }

    /// Opens something. In front of a container stand a mark, a tag and a class at most; a payload of
    /// nothing but tags and marks must not fill the memory either.
    fn push(&mut self, open: Open) -> Result<(), Fault<S::Error>> {
        if self.stack.len() >= 4 * MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.stack.try_reserve(1).map_err(|error| Fault::Sink(error.into()))?;
        self.stack.push(open);
        Ok(())
    }

    /// What a tag makes of the item behind it.
    fn tag(&mut self, number: u64) -> Result<bool, Fault<S::Error>> {
        let kind = match number {
            tag::TUPLE => Kind::Tuple,
            tag::SET => Kind::Set,
            tag::FROZENSET => Kind::Frozenset,
            tag::NAMED => Kind::Named,
            tag::OBJECT => Kind::Object,
            tag::SHARED => {
                if let Some(Open::Share(_)) = self.stack.last() {
                    return Err("a value that is shared twice".into());
                }
                self.sink.share().map_err(Fault::Sink)?;
                self.push(Open::Share(self.shares))?;
                self.shares = self.shares.checked_add(1).ok_or("more shared values than can be counted")?;
                return Ok(true);
            }
            tag::REFERENCE => {
                let Head::UInt(number) = self.reader.head()? else {
                    return Err("a reference that is no number".into());
                };
                let number = u32::try_from(number).ok().filter(|number| *number < self.shares);
                let number = number.ok_or("a reference to a value that was not marked")?;
                self.sink.reference(number as usize).map_err(Fault::Sink)?;
                return Ok(false);
            }
            _ => return self.other_tag(number),
        };
        match self.reader.head()? {
            Head::Array(Some(2)) if kind == Kind::Named && self.named_text()? => Ok(false),
            Head::Array(length) => self.open(kind, length),
            // Others mark the array inside a set as shared, and not the set.
            head @ Head::Tag(tag::SHARED | tag::REFERENCE) if number == tag::SET => self.held(number, head),
            _ => Err("a tag with something else than the array it takes".into()),
        }
    }

    /// A name with one text, if it is one that the sink makes at once.
    fn named_text(&mut self) -> Result<bool, Fault<S::Error>> {
        let mut ahead = self.reader;
        let (Ok(Head::Text(name)), Ok(Head::Text(text))) = (ahead.head(), ahead.head()) else {
            return Ok(false);
        };
        let made = self.sink.named_text(name, text).map_err(Fault::Sink)?;
        if made {
            self.reader = ahead;
        }
        Ok(made)
    }

    /// A tag on what is complete before the tag can be heeded.
    fn held(&mut self, number: u64, head: Head<'a>) -> Result<bool, Fault<S::Error>> {
        self.push(Open::Tag(number))?;
        self.begin(head)
    }

    fn other_tag(&mut self, number: u64) -> Result<bool, Fault<S::Error>> {
        if let Some(Open::Tag(_)) = self.stack.last() {
            return Err("a tag on a tag".into());
        }
        match self.reader.head()? {
            Head::Bytes(bytes) => match number {
                tag::BIG => self.sink.big_int(false, bytes),
                tag::BIG_NEGATIVE => self.sink.big_int(true, bytes),
                _ => self.sink.tagged_bytes(number, bytes),
            },
            Head::Text(text) => self.sink.tagged_text(number, text),
            head => return self.held(number, head),
        }
        .map_err(Fault::Sink)?;
        Ok(false)
    }

    /// The end of a container whose length was not told.
    fn end_of_container(&mut self) -> Result<bool, Fault<S::Error>> {
        match self.stack.last() {
            Some(Open::Container(container))
                if container.length == UNTOLD && (container.kind != Kind::Map || container.done % 2 == 0) =>
            {
                let container = *container;
                self.stack.pop();
                self.depth -= 1;
                self.close(container)?;
                Ok(false)
            }
            _ => Err("an end of something that has none".into()),
        }
    }

    /// Counts a complete value, and closes what is complete with it. `true` is the end of it all.
    fn completed(&mut self) -> Result<bool, Fault<S::Error>> {
        loop {
            let Some(open) = self.stack.last_mut() else { return Ok(true) };
            match open {
                Open::Container(container) => {
                    // Part by part: reading back as a whole what was just written in part stalls.
                    let (done, length, kind) = (container.done + 1, container.length, container.kind);
                    container.done = done;
                    let container = Container { done, length, kind, ..*container };
                    if length != UNTOLD {
                        self.owed -= 1;
                    }
                    if kind == Kind::Map && done % 2 == 1 {
                        self.sink.as_key().map_err(Fault::Sink)?;
                    } else if kind == Kind::Named
                        && done == 1
                        && let Some(number) = container.share
                    {
                        self.sink.shell(number as usize, Shell::Named).map_err(Fault::Sink)?;
                    }
                    if length != done {
                        return Ok(false);
                    }
                    self.stack.pop();
                    self.depth -= 1;
                    self.close(container)?;
                }
                Open::Tag(number) => {
                    let number = *number;
                    self.stack.pop();
                    self.sink.tagged(number).map_err(Fault::Sink)?;
                }
                Open::Share(number) => {
                    let number = *number as usize;
                    self.stack.pop();
                    self.sink.shared(number).map_err(Fault::Sink)?;
                }
                Open::Definition => {
                    self.stack.pop();
                    self.sink.define().map_err(Fault::Sink)?;
                    self.classes += 1;
                    self.is_of(self.classes - 1)?;
                }
            }
        }
    }

    fn close(&mut self, container: Container) -> Result<(), Fault<S::Error>> {
        let sink = &mut *self.sink;
        let Container { done, share, class, kind, .. } = container;
        if let Some(number) = share {
            sink.fill(number as usize);
        }
        match kind {
            Kind::List => sink.list(done),
            Kind::Tuple => sink.tuple(done),
            Kind::Set => sink.set(done),
            Kind::Frozenset => sink.frozenset(done),
            Kind::Map => sink.map(done / 2),
            Kind::Named if done == 0 => return Err("a named object without a name".into()),
            Kind::Named => sink.named(done),
            Kind::Object => match class {
                Some(class) => sink.object(class as usize, done.saturating_sub(1)),
                None => return Err("an instance without a class".into()),
            },
        }
        .map_err(Fault::Sink)?;
        match share {
            Some(number) => self.sink.shared(number as usize).map_err(Fault::Sink),
            None => Ok(()),
        }
    }

    fn path(&self) -> Vec<Step> {
        let step = |open: &Open| {
            let Open::Container(Container { done, class, kind, .. }) = *open else {
                return matches!(open, Open::Definition).then_some(Step::Definition);
            };
            Some(match (kind, class) {
                (Kind::Map, _) if done % 2 == 0 => Step::Key(done / 2),
                (Kind::Map, _) => Step::Pair(done / 2),
                (Kind::Named, _) => Step::Argument(done.saturating_sub(1)),
                (Kind::Object, None) => return None,
                (Kind::Object, Some(class)) => Step::Field(class as usize, done.saturating_sub(1)),
                _ => Step::Item(done),
            })
        };
        let mut path = Vec::new();
        // The reason may be that there is no memory left.
        if path.try_reserve(self.stack.len()).is_ok() {
            path.extend(self.stack.iter().filter_map(step));
        }
        path
    }
}

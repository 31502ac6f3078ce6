//! A value tree of CBOR that is nobody's, with a source and a sink of its own.

use std::collections::TryReserveError;
use std::rc::Rc;

use holdall_codec::Buffer;
use holdall_codec::cbor::{Shell, Sink, Source, Writer, tag};

/// Everything that a payload can say. A float is its bits, so that a NaN equals itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Null,
    Undefined,
    Bool(bool),
    Int(i64),
    Big(bool, Vec<u8>),
    Float(u64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Tree>),
    Tuple(Vec<Tree>),
    Set(Vec<Tree>),
    Frozenset(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Named(String, Vec<Tree>),
    /// An instance: what defines its class, and its values.
    Object(String, Vec<Tree>),
    Tagged(u64, Box<Tree>),
    /// What more than one place refers to.
    Shared(Rc<Tree>),
    /// A place that refers to the n-th of those, as it was read.
    Reference(usize),
}

#[derive(Debug)]
pub enum Fault {
    Memory,
    TooDeep,
    /// The codec asked for what cannot be.
    Broken(&'static str),
}

impl From<TryReserveError> for Fault {
    fn from(_: TryReserveError) -> Self {
        Self::Memory
    }
}

/// Writes trees.
#[derive(Default)]
pub struct Look {
    classes: Vec<String>,
}

/// A container on its way: what is still to come, in reverse.
pub struct Open<'a>(Vec<&'a Tree>);

impl<'a> Open<'a> {
    fn of(items: impl DoubleEndedIterator<Item = &'a Tree>) -> Self {
        Self(items.rev().collect())
    }
}

/// A source that borrows from the tree for as long as it lives.
pub struct Looking<'a> {
    pub look: Look,
    pub lifetime: std::marker::PhantomData<&'a Tree>,
}

impl<'a> Looking<'a> {
    pub fn new() -> Self {
        Self { look: Look::default(), lifetime: std::marker::PhantomData }
    }
}

impl<'a> Source for Looking<'a> {
    type Value = &'a Tree;
    type Open = Open<'a>;
    type Error = Fault;

    fn write<B: Buffer>(
        &mut self,
        value: &'a Tree,
        stack: &mut Vec<Open<'a>>,
        out: &mut Writer<B>,
    ) -> Result<(), Fault> {
        let open = match value {
            Tree::Null => return Ok(out.null()?),
            Tree::Undefined => return Ok(out.undefined()?),
            Tree::Bool(value) => return Ok(out.bool(*value)?),
            Tree::Int(value) => return Ok(out.int(*value)?),
            Tree::Big(negative, bytes) => return Ok(out.big_int(*negative, bytes)?),
            Tree::Float(bits) => return Ok(out.float(f64::from_bits(*bits))?),
            Tree::Text(text) => return Ok(out.text(text)?),
            Tree::Bytes(bytes) => return Ok(out.bytes(bytes)?),
            Tree::List(items) => {
                out.array(items.len())?;
                Open::of(items.iter())
            }
            Tree::Tuple(items) => {
                out.tagged_array(tag::TUPLE, items.len())?;
                Open::of(items.iter())
            }
            Tree::Set(items) => {
                out.tagged_array(tag::SET, items.len())?;
                Open::of(items.iter())
            }
            Tree::Frozenset(items) => {
                out.tagged_array(tag::FROZENSET, items.len())?;
                Open::of(items.iter())
            }
            Tree::Map(pairs) => {
                out.map(pairs.len())?;
                Open(pairs.iter().rev().flat_map(|(key, value)| [value, key]).collect())
            }
            Tree::Named(name, items) => {
                out.named(name, items.len())?;
                Open::of(items.iter())
            }
            Tree::Object(class, items) => {
                out.tagged_array(tag::OBJECT, 1 + items.len())?;
                match self.look.classes.iter().position(|known| known == class) {
                    Some(number) => out.uint(number as u64)?,
                    None => {
                        out.array(1)?;
                        out.text(class)?;
                        self.look.classes.push(class.clone());
                    }
                }
                Open::of(items.iter())
            }
            Tree::Tagged(number, content) => {
                out.tag(*number)?;
                Open(vec![content])
            }
            Tree::Shared(inner) => {
                if out.met(Rc::as_ptr(inner) as usize)? {
                    return Ok(());
                }
                return self.write(inner, stack, out);
            }
            Tree::Reference(_) => return Err(Fault::Broken("a reference is only ever read")),
        };
        stack.push(open);
        Ok(())
    }

    fn next(&mut self, open: &mut Open<'a>) -> Result<Option<&'a Tree>, Fault> {
        Ok(open.0.pop())
    }

    fn too_deep(&self) -> Fault {
        Fault::TooDeep
    }
}

/// Builds trees, and insists on what the codec promises a sink.
#[derive(Default)]
pub struct Build {
    values: Vec<Tree>,
    keys: Vec<Tree>,
    classes: Vec<String>,
    shares: Vec<Option<Tree>>,
    filling: bool,
}

impl Build {
    /// The one value that is left.
    pub fn finish(mut self) -> Option<Tree> {
        let value = self.values.pop()?;
        (self.values.is_empty() && self.keys.is_empty()).then(|| resolved(value, &self.shares, &[]))
    }

    fn put(&mut self, value: Tree) -> Result<(), Fault> {
        self.values.push(value);
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<Vec<Tree>, Fault> {
        self.filling = false;
        let start = self.values.len().checked_sub(length).ok_or(Fault::Broken("too few values"))?;
        Ok(self.values.split_off(start))
    }
}

/// The tree with what references lead to in their place, unless that is around them.
fn resolved(tree: Tree, shares: &[Option<Tree>], around: &[usize]) -> Tree {
    let all = |items: Vec<Tree>| items.into_iter().map(|item| resolved(item, shares, around)).collect();
    match tree {
        Tree::List(items) => Tree::List(all(items)),
        Tree::Tuple(items) => Tree::Tuple(all(items)),
        Tree::Set(items) => Tree::Set(all(items)),
        Tree::Frozenset(items) => Tree::Frozenset(all(items)),
        Tree::Named(name, items) => Tree::Named(name, all(items)),
        Tree::Object(class, items) => Tree::Object(class, all(items)),
        Tree::Map(pairs) => Tree::Map(
            pairs
                .into_iter()
                .map(|(key, value)| (resolved(key, shares, around), resolved(value, shares, around)))
                .collect(),
        ),
        Tree::Tagged(number, content) => Tree::Tagged(number, Box::new(resolved(*content, shares, around))),
        Tree::Reference(number) => match shares.get(number) {
            Some(Some(found)) if !around.contains(&number) => {
                resolved(found.clone(), shares, &[around, &[number]].concat())
            }
            _ => Tree::Reference(number),
        },
        other => other,
    }
}

impl Sink for Build {
    type Error = Fault;

    fn null(&mut self) -> Result<(), Fault> {
        self.put(Tree::Null)
    }
    fn undefined(&mut self) -> Result<(), Fault> {
        self.put(Tree::Undefined)
    }
    fn bool(&mut self, value: bool) -> Result<(), Fault> {
        self.put(Tree::Bool(value))
    }
    fn int(&mut self, value: i64) -> Result<(), Fault> {
        self.put(Tree::Int(value))
    }
    fn big_int(&mut self, negative: bool, magnitude: &[u8]) -> Result<(), Fault> {
        self.put(Tree::Big(negative, magnitude.to_vec()))
    }
    fn float(&mut self, value: f64) -> Result<(), Fault> {
        self.put(Tree::Float(value.to_bits()))
    }
    fn text(&mut self, value: &str) -> Result<(), Fault> {
        self.put(Tree::Text(value.to_owned()))
    }
    fn bytes(&mut self, value: &[u8]) -> Result<(), Fault> {
        self.put(Tree::Bytes(value.to_vec()))
    }
    fn key(&mut self, value: &str) -> Result<(), Fault> {
        self.keys.push(Tree::Text(value.to_owned()));
        Ok(())
    }
    fn as_key(&mut self) -> Result<(), Fault> {
        let key = self.values.pop().ok_or(Fault::Broken("a key without a value"))?;
        self.keys.push(key);
        Ok(())
    }
    fn list(&mut self, length: usize) -> Result<(), Fault> {
        let items = self.take(length)?;
        self.put(Tree::List(items))
    }
    fn tuple(&mut self, length: usize) -> Result<(), Fault> {
        let items = self.take(length)?;
        self.put(Tree::Tuple(items))
    }
    fn set(&mut self, length: usize) -> Result<(), Fault> {
        let items = self.take(length)?;
        self.put(Tree::Set(items))
    }
    fn frozenset(&mut self, length: usize) -> Result<(), Fault> {
        let items = self.take(length)?;
        self.put(Tree::Frozenset(items))
    }
    fn map(&mut self, length: usize) -> Result<(), Fault> {
        let values = self.take(length)?;
        let start = self.keys.len().checked_sub(length).ok_or(Fault::Broken("too few keys"))?;
        let keys = self.keys.split_off(start);
        self.put(Tree::Map(keys.into_iter().zip(values).collect()))
    }
    fn named(&mut self, length: usize) -> Result<(), Fault> {
        let mut items = self.take(length)?;
        if items.is_empty() {
            return Err(Fault::Broken("a named object of nothing"));
        }
        match items.remove(0) {
            Tree::Text(name) => self.put(Tree::Named(name, items)),
            _ => Err(Fault::Broken("a name that is no text")),
        }
    }
    fn define(&mut self) -> Result<(), Fault> {
        let definition = self.values.pop().ok_or(Fault::Broken("no definition"))?;
        self.classes.push(format!("{definition:?}"));
        Ok(())
    }
    fn object(&mut self, class: usize, length: usize) -> Result<(), Fault> {
        let items = self.take(length)?;
        let class = self.classes.get(class).ok_or(Fault::Broken("an unknown class"))?.clone();
        self.put(Tree::Object(class, items))
    }
    fn tagged_text(&mut self, tag: u64, value: &str) -> Result<(), Fault> {
        self.put(Tree::Tagged(tag, Box::new(Tree::Text(value.to_owned()))))
    }
    fn tagged_bytes(&mut self, tag: u64, value: &[u8]) -> Result<(), Fault> {
        self.put(Tree::Tagged(tag, Box::new(Tree::Bytes(value.to_vec()))))
    }
    fn tagged(&mut self, tag: u64) -> Result<(), Fault> {
        let content = self.values.pop().ok_or(Fault::Broken("a tag on nothing"))?;
        self.put(Tree::Tagged(tag, Box::new(content)))
    }
    fn share(&mut self) -> Result<(), Fault> {
        self.shares.push(None);
        Ok(())
    }
    fn shell(&mut self, number: usize, _: Shell) -> Result<(), Fault> {
        if number < self.shares.len() { Ok(()) } else { Err(Fault::Broken("a shell without a mark")) }
    }
    fn fill(&mut self, number: usize) {
        assert!(number < self.shares.len() && !self.filling, "a container is filled as soon as it ends");
        self.filling = true;
    }
    fn shared(&mut self, number: usize) -> Result<(), Fault> {
        let value = self.values.last().cloned();
        let share = self.shares.get_mut(number).ok_or(Fault::Broken("shared without a mark"))?;
        *share = value;
        Ok(())
    }
    fn reference(&mut self, number: usize) -> Result<(), Fault> {
        if number >= self.shares.len() {
            return Err(Fault::Broken("a reference without a mark"));
        }
        self.put(Tree::Reference(number))
    }
}

//! Python objects as the codec sees them.
//!
//! Only exact built-in types are looked into, and looking runs no Python code: no attribute is
//! asked for, nothing is called, nothing the collector counts is allocated. So while the GIL is
//! held, nobody can change what is walked, and borrowed references are sound.

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use holdall_codec::{Node, Source};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::{
    integer::{self, Integer},
    utf8,
};

/// A borrowed Python object.
#[derive(Clone, Copy)]
pub struct Object<'a> {
    pointer: NonNull<ffi::PyObject>,
    held: PhantomData<&'a ()>,
}

impl<'a> Object<'a> {
    /// The object as a value tree. No Python code may run while the tree is in use.
    pub fn new(object: &'a Bound<'_, PyAny>) -> Self {
        // SAFETY: a Bound is never null.
        unsafe { Self::borrow(object.as_ptr()) }
    }

    /// # Safety
    /// The pointer is not null, and its object outlives `'a`.
    unsafe fn borrow(pointer: *mut ffi::PyObject) -> Self {
        // SAFETY: not null, says the caller.
        Self { pointer: unsafe { NonNull::new_unchecked(pointer) }, held: PhantomData }
    }

    /// # Safety
    /// The object is an int.
    #[inline(always)]
    unsafe fn integer(self) -> Node<'a, Self> {
        let object = self.pointer.as_ptr();
        // SAFETY: an exact int, as the caller says.
        match unsafe { integer::read(object) } {
            Integer::Int(number) => Node::Int(number),
            Integer::UInt(number) => Node::UInt(number),
            Integer::Longer => Node::Other,
        }
    }
}

impl<'a> Source<'a> for Object<'a> {
    type List = Items<'a>;
    type Map = Pairs<'a>;

    #[inline(always)]
    fn node(self) -> Node<'a, Self> {
        let object = self.pointer.as_ptr();
        // SAFETY: the object is alive, and each branch knows its exact type.
        unsafe {
            let kind = ffi::Py_TYPE(object);
            if ptr::eq(kind, &raw const ffi::PyUnicode_Type) {
                utf8::of(object).map_or(Node::Other, Node::Str)
            } else if ptr::eq(kind, &raw const ffi::PyLong_Type) {
                self.integer()
            } else if ptr::eq(kind, &raw const ffi::PyDict_Type) {
                Node::Map(Pairs { dict: self, position: 0, left: ffi::PyDict_Size(object) as usize })
            } else if ptr::eq(kind, &raw const ffi::PyList_Type) {
                Node::List(Items { list: self, position: 0, length: ffi::PyList_GET_SIZE(object) as usize })
            } else if ptr::eq(kind, &raw const ffi::PyFloat_Type) {
                Node::Float(ffi::PyFloat_AS_DOUBLE(object))
            } else if ptr::eq(object, ffi::Py_None()) {
                Node::Null
            } else if ptr::eq(object, ffi::Py_True()) {
                Node::Bool(true)
            } else if ptr::eq(object, ffi::Py_False()) {
                Node::Bool(false)
            } else {
                Node::Other
            }
        }
    }

    #[inline(always)]
    fn shared(self) -> Option<usize> {
        // SAFETY: the object is alive.
        let references = unsafe { ffi::Py_REFCNT(self.pointer.as_ptr()) };
        (references > 1).then_some(self.pointer.as_ptr() as usize)
    }
}

/// The items of a list.
pub struct Items<'a> {
    list: Object<'a>,
    position: usize,
    length: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Object<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.length {
            return None;
        }
        // SAFETY: nobody changes the list meanwhile, so the position is inside it; its items are
        // never null and live as long as it does.
        let item = unsafe {
            Object::borrow(ffi::PyList_GET_ITEM(self.list.pointer.as_ptr(), self.position as ffi::Py_ssize_t))
        };
        self.position += 1;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.length - self.position;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Items<'_> {}

/// The pairs of a dict.
pub struct Pairs<'a> {
    dict: Object<'a>,
    position: ffi::Py_ssize_t,
    left: usize,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Option<&'a str>, Object<'a>);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (mut key, mut value) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: nobody changes the dict meanwhile; what it gives is borrowed from it and not null
        // when it says that there was a pair.
        unsafe {
            if ffi::PyDict_Next(self.dict.pointer.as_ptr(), &mut self.position, &mut key, &mut value) == 0 {
                return None;
            }
            self.left = self.left.saturating_sub(1);
            let is_str = ptr::eq(ffi::Py_TYPE(key), &raw const ffi::PyUnicode_Type);
            let key = if is_str { utf8::of(key) } else { None };
            Some((key, Object::borrow(value)))
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Pairs<'_> {}

//! The end of a store.

use std::slice::from_ref;
use std::sync::Arc;

use holdall_backend::{Condition, LeaseChange, Record};
use holdall_types::{ErrorKind, Result};

use super::Behaviour;
use super::subject::{NOW, Subject, key};

pub(super) const BEHAVIOURS: &[Behaviour] =
    &[("after close every call says so", closed), ("closing twice is fine", twice)];

fn closed(subject: &Subject) {
    subject.put("key", b"value");
    let store = &subject.store;
    store.close().unwrap();
    let key = key("key");
    let record = Record { header: b"", body: b"x", text: true, expires: None, tail: None };
    let says = |call: &str, result: Result<()>| {
        let error = result.err().map(|error| error.kind());
        assert_eq!(error, Some(ErrorKind::Validation), "{call} after close");
    };
    says("get", store.get(&key, NOW).map(drop));
    says("get_many", store.get_many(from_ref(&key), NOW).map(drop));
    says("head", store.head(&key, NOW).map(drop));
    says("put", store.put(&key, &record, Condition::Any, NOW).map(drop));
    says("put_many", store.put_many(&[(key.clone(), record)], NOW));
    says("delete", store.delete(&key, Condition::Any, NOW).map(drop));
    says("delete_many", store.delete_many(from_ref(&key), NOW).map(drop));
    says("scan", Arc::clone(store).scan("", NOW).map(drop));
    says("count", Arc::clone(store).count(NOW).map(drop));
    says("clear", store.clear());
    says("lease", store.lease("name", &mut |_| LeaseChange::Keep));
}

fn twice(subject: &Subject) {
    subject.store.close().unwrap();
    subject.store.close().unwrap();
}

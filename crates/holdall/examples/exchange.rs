//! Write from Rust what Python reads, and read what Python wrote.
//!
//! ```console
//! $ cargo run -q -p holdall --example exchange -- put sqlite:///shared.db orders
//! $ python -c 'import holdall; print(holdall.get_store("sqlite:///shared.db")["orders"])'
//! $ cargo run -q -p holdall --example exchange -- get sqlite:///shared.db orders
//! ```
//!
//! `write` and `read` do the same with a frame of standard output and input, as `dumps` and `loads`.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::io::{self, Read, Write};

use holdall::{Options, Store, Uri, Values};
use serde::{Deserialize, Serialize};

/// What is exchanged: in Python a dict with these keys.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    number: u64,
    customer: String,
    /// `inf` stands for "whatever it costs": JSON could not say so.
    limit: f64,
    /// 128 bits: more than most formats hold.
    account: u128,
    #[serde(with = "serde_bytes")]
    signature: Vec<u8>,
    /// What is at each place of the shelves. In Python the keys are tuples.
    places: BTreeMap<(u8, u8), Option<String>>,
}

fn orders() -> Vec<Order> {
    let places = BTreeMap::from([((1, 7), Some("tea".to_owned())), ((2, 3), None)]);
    vec![Order {
        number: 1,
        customer: "Åsa".to_owned(),
        limit: f64::INFINITY,
        account: u128::MAX,
        signature: vec![0xFF, 0x00],
        places,
    }]
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["write"] => io::stdout().write_all(&holdall::to_vec(&orders())?)?,
        ["read"] => {
            let mut frame = Vec::new();
            io::stdin().read_to_end(&mut frame)?;
            show(&holdall::from_slice(&frame)?);
        }
        ["put", uri, key] => open(uri)?.put_value(key, &orders())?,
        ["get", uri, key] => match open(uri)?.get_value(key)? {
            Some(orders) => show(&orders),
            None => return Err(format!("there is nothing under {key}").into()),
        },
        _ => return Err("give write, read, put URI KEY, or get URI KEY".into()),
    }
    Ok(())
}

fn open(uri: &str) -> holdall::Result<Store> {
    Store::open(&Uri::parse(uri)?, &Options::default())
}

fn show(orders: &Vec<Order>) {
    for order in orders {
        println!("{order:?}");
    }
}

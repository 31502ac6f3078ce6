//! Lease records: one small file each, changed under the lock of its name.

use std::io;

use holdall_types::Result;

use super::Files;
use super::site::make;
use super::temp::Temp;
use crate::{LeaseChange, Record};

const LEASES: &str = ".holdall/lease";

impl Files {
    pub(super) fn change_lease(
        &self,
        name: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> LeaseChange,
    ) -> Result<()> {
        let site = self.site(name)?;
        let path = format!("{LEASES}/{}", site.hash.to_hex());
        let failed = |error| self.write_error(&path, error);
        let _held = site.lock()?;
        let found = site.root.find(&path).map_err(|error| self.read_error(&path, error))?;
        let record = match self.checked(&path, found)? {
            Some((file, metadata)) => Some(self.read_whole(&path, file, &metadata)?),
            None => None,
        };
        match decide(record.as_deref()) {
            LeaseChange::Keep => return Ok(()),
            LeaseChange::Set(record) => {
                let record = Record { header: &[], body: &record, text: false, expires: None, tail: None };
                let temp = Temp::write(&site, &record)?;
                make(&site.root, LEASES).map_err(failed)?;
                temp.publish(&site.root, &path).map_err(failed)?;
            }
            LeaseChange::Remove => match site.root.unlink(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                removed => removed.map_err(failed)?,
            },
        }
        if self.is_full() {
            self.synced(site.root.at(LEASES).and_then(|leases| leases.sync()))?;
        }
        Ok(())
    }
}

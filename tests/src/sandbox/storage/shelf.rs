//! Records of one kind by id, each in a JSON file, in the order in which they were first put.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::write_whole;

/// A set of records that outlives the process.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    dir: PathBuf,
    records: HashMap<Uuid, Record<T>>,
    last_order: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record<T> {
    order: u64,
    id: Uuid,
    value: T,
}

impl<T: Serialize + DeserializeOwned> Shelf<T> {
    /// Opens a directory, with the records an earlier run left in it.
    pub(crate) fn open(dir: PathBuf) -> io::Result<Self> {
        let mut shelf = Self {
            dir,
            records: HashMap::new(),
            last_order: 0,
        };
        for entry in std::fs::read_dir(&shelf.dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let record: Record<T> = serde_json::from_slice(&std::fs::read(&path)?)?;
                shelf.last_order = shelf.last_order.max(record.order);
                shelf.records.insert(record.id, record);
            }
        }
        Ok(shelf)
    }

    pub(crate) fn find(&self, id: Uuid) -> Option<&T> {
        self.records.get(&id).map(|record| &record.value)
    }

    /// Puts a record; one that exists is replaced and keeps its place.
    pub(crate) fn put(&mut self, id: Uuid, value: T) -> io::Result<()> {
        let order = self.records.get(&id).map_or(self.last_order + 1, |record| record.order);
        let record = Record { order, id, value };
        write_whole(&self.path(id), &serde_json::to_vec(&record)?)?;
        self.last_order = self.last_order.max(order);
        self.records.insert(id, record);
        Ok(())
    }

    /// Removes a record, if there is one.
    pub(crate) fn remove(&mut self, id: Uuid) -> io::Result<()> {
        if self.records.remove(&id).is_some() {
            std::fs::remove_file(self.path(id))?;
        }
        Ok(())
    }

    /// Every record, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.records.values().map(|record| &record.value)
    }

    /// Every record, oldest first.
    pub(crate) fn in_order(&self) -> Vec<(Uuid, &T)> {
        let mut records: Vec<_> = self.records.values().collect();
        records.sort_by_key(|record| record.order);
        records.into_iter().map(|record| (record.id, &record.value)).collect()
    }

    pub(crate) fn clear(&mut self) -> io::Result<()> {
        let ids: Vec<_> = self.records.keys().copied().collect();
        ids.into_iter().try_for_each(|id| self.remove(id))
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.dir.join(format!("{id}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_outlive_the_shelf_in_their_order() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let ids: Vec<_> = (0..20).map(|_| Uuid::new_v4()).collect();
        let mut shelf = Shelf::open(dir.path().to_owned()).expect("an empty directory opens");
        for (n, id) in ids.iter().enumerate() {
            shelf.put(*id, n).expect("a record is written");
        }
        shelf.put(ids[3], 300).expect("a record is replaced");
        shelf.remove(ids[4]).expect("a record is removed");

        let shelf = Shelf::<usize>::open(dir.path().to_owned()).expect("the directory opens again");
        let values: Vec<_> = shelf.in_order().into_iter().map(|(_, value)| *value).collect();
        let expected: Vec<_> = (0..20)
            .filter(|n| *n != 4)
            .map(|n| if n == 3 { 300 } else { n })
            .collect();
        assert_eq!(values, expected);
    }
}

//! A change while it is being made.

use crate::{Result, change};
use rusqlite::Transaction;
use std::cell::RefCell;
use std::ops::Deref;

/// A running change: a transaction that also notes what it changed. Dropped without commit, nothing has happened.
pub struct Act<'c> {
    transaction: Transaction<'c>,
    detail: RefCell<serde_json::Map<String, serde_json::Value>>,
}

impl<'c> Act<'c> {
    pub(crate) fn new(transaction: Transaction<'c>) -> Self {
        Self { transaction, detail: RefCell::default() }
    }

    /// Tells other parts of the program, and other processes, that a thing of this kind has changed.
    pub fn changed(&self, kind: &str, id: &str) -> Result<()> {
        change::append(&self.transaction, kind, id)
    }

    /// Adds a fact to the audit row, such as the digest that was deployed.
    pub fn note(&self, name: &str, value: impl Into<serde_json::Value>) {
        self.detail.borrow_mut().insert(name.into(), value.into());
    }

    pub(crate) fn detail(&self) -> String {
        serde_json::Value::Object(self.detail.borrow().clone()).to_string()
    }

    pub(crate) fn commit(self) -> Result<()> {
        Ok(self.transaction.commit()?)
    }
}

impl<'c> Deref for Act<'c> {
    type Target = Transaction<'c>;
    fn deref(&self) -> &Transaction<'c> {
        &self.transaction
    }
}

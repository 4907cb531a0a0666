//! Approvals and their items. (face)
use uuid::Uuid;

use super::Transaction;
use crate::messages::Fault;

/// A new approval.
#[derive(Debug)]
pub struct NewApproval<'a> {
    /// Its id.
    pub id: Uuid,
    /// The request it answers.
    pub request_key: &'a str,
    /// The application that asked.
    pub application: Option<Uuid>,
    /// Its body (JSON).
    pub body: &'a str,
    /// How many items it lists.
    pub items: usize,
}

/// A stored approval.
#[derive(Debug)]
pub struct ApprovalRow {
    /// Its id.
    pub id: Uuid,
    /// The application that asked.
    pub application: Option<Uuid>,
    /// Its body (JSON).
    pub body: String,
    /// Its items in order.
    pub items: Vec<ItemRow>,
}

/// A stored item.
#[derive(Debug)]
pub struct ItemRow {
    /// What was given to the token.
    pub tbs: Option<Vec<u8>>,
    /// The signature value.
    pub value: Option<Vec<u8>>,
}

/// Inserts an approval with its items.
///
/// # Errors
/// `store_failed`.
pub fn insert(_transaction: &Transaction<'_>, _approval: &NewApproval<'_>) -> Result<(), Fault> {
    Err(Fault::internal("not built"))
}

/// The live approval of a request.
///
/// # Errors
/// `store_failed`.
pub fn find_live(_connection: &rusqlite::Connection, _request_key: &str) -> Result<Option<ApprovalRow>, Fault> {
    Err(Fault::internal("not built"))
}

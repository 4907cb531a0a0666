use rusqlite::{Connection, TransactionBehavior};

use crate::messages::{Code, Fault};

/// Changes nothing; for a look before anything of the database is touched.
///
/// # Errors
/// `store_newer` when a newer version wrote the database.
pub(super) fn refuse_newer(connection: &Connection) -> Result<(), Fault> {
    missing(connection, MIGRATIONS).map(drop)
}

/// Brings the schema up to this version, each migration in a transaction of its own.
///
/// # Errors
/// `store_newer` when a newer version wrote it; nothing is changed then.
pub(super) fn apply(connection: &mut Connection) -> Result<(), Fault> {
    apply_all(connection, MIGRATIONS)
}

fn apply_all(connection: &mut Connection, migrations: &[&str]) -> Result<(), Fault> {
    let (version, missing) = missing(connection, migrations)?;
    for (migration, version) in missing.iter().zip(version + 1..) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The schema version of the database and the migrations that it lacks.
fn missing<'a, 'b>(connection: &Connection, migrations: &'a [&'b str]) -> Result<(i64, &'a [&'b str]), Fault> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let Ok(applied) = usize::try_from(version) else {
        return Err(Fault::new(Code::StoreFailed).detail(format_args!("the schema version is {version}")));
    };
    let missing =
        migrations.get(applied..).ok_or_else(|| {
            Fault::new(Code::StoreNewer).arg("found", version).arg("known", migrations.len()).detail(
            "the store was written by a newer version; install that version or start with another agent.state_dir",
        )
        })?;
    Ok((version, missing))
}

/// In order; the schema version is how many of them are applied. One that was released is never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
    include_str!("schema/0010.sql"),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn migrations_are_applied_once_and_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        let first = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);";
        apply_all(&mut connection, &[first]).unwrap();
        apply_all(&mut connection, &[first, "INSERT INTO a SELECT x + 1 FROM a;"]).unwrap();
        apply_all(&mut connection, &[first, "INSERT INTO a SELECT x + 1 FROM a;"]).unwrap();
        let sum: i64 = connection
            .query_row("SELECT sum(x) FROM a", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sum, 3);
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(apply_all(&mut connection, &["CREATE TABLE a (x INTEGER) STRICT; NONSENSE;"]).is_err());
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 0);
        apply_all(&mut connection, &["CREATE TABLE a (x INTEGER) STRICT;"]).unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 2).unwrap();
        assert_eq!(apply_all(&mut connection, &[""]).unwrap_err().code(), Code::StoreNewer);
    }
}

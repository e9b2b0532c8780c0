//! The stored procedures: embedded files, applied whole.

use tokio_postgres::Transaction;

use crate::Error;

/// One file of `sql/procedures`.
#[derive(Clone, Copy, Debug)]
pub struct Procedure {
    /// The file's name, and the procedure's.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
}

/// All of them, by name.
pub const PROCEDURES: &[Procedure] = include!(concat!(env!("OUT_DIR"), "/procedures.rs"));

/// Who may do what, applied after them.
const GRANTS: &str = include_str!("../../sql/grants.sql");

/// Routines of the schema that are ours to drop: an extension's belong to the extension.
const FIND_ROUTINES: &str = "
    SELECT pg_proc.proname::text, pg_proc.oid::regprocedure::text
    FROM pg_catalog.pg_proc
    JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pg_proc.pronamespace
    WHERE pg_namespace.nspname = 'public'
      AND pg_get_userbyid(pg_proc.proowner) = current_user
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend
          WHERE pg_depend.classid = 'pg_catalog.pg_proc'::regclass
            AND pg_depend.objid = pg_proc.oid AND pg_depend.deptype = 'e')
    ORDER BY 2";

/// Drops all procedures, makes the given ones and grants their use, within a transaction: others
/// see either the old ones or the new ones. Returns the names that are gone for good.
///
/// Dropped and not just replaced: replacing can change neither arguments nor the answer's shape.
pub async fn apply(
    transaction: &Transaction<'_>,
    procedures: &[Procedure],
) -> Result<Vec<String>, Error> {
    let named = |what: &str| {
        let what = what.to_owned();
        move |source: tokio_postgres::Error| Error::Migration { what, source: source.into() }
    };
    let there =
        transaction.query(FIND_ROUTINES, &[]).await.map_err(named("the list of procedures"))?;
    let mut gone = Vec::new();
    for row in there {
        let (name, signature): (String, String) = (row.get(0), row.get(1));
        let sql = format!("DROP ROUTINE {signature}");
        transaction.batch_execute(&sql).await.map_err(named(&signature))?;
        if procedures.iter().all(|procedure| procedure.name != name) {
            gone.push(name);
        }
    }
    for Procedure { name, sql } in procedures {
        transaction.batch_execute(sql).await.map_err(named(name))?;
        // A new routine is everybody's until this is said.
        let sql = format!("REVOKE ALL ON ROUTINE {name} FROM PUBLIC");
        transaction.batch_execute(&sql).await.map_err(named(name))?;
    }
    transaction.batch_execute(GRANTS).await.map_err(named("grants.sql"))?;
    Ok(gone)
}

//! `auxilio hbase`: the store's tables in HBase, and what is wrong with them or with the gateways.

use std::process::ExitCode;
use std::time::Duration;

use auxilio_service::environment::Environment;
use auxilio_thrift::{DdlOptions, Error, Protocol, Transport, ddl};
use serde_json::json;

use super::runtime;
use crate::cli::{HbaseVerb, Place};
use crate::config::Config;
use crate::installation::Installation;
use crate::store;

pub(crate) fn perform(
    place: &Place,
    verb: &HbaseVerb,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config = Installation::find(place, environment)?.config;
    match verb {
        HbaseVerb::Create => runtime()?.block_on(store::make_missing_tables(&config))?,
        HbaseVerb::Ddl { compression, keep_days } => {
            let keep_days = keep_days.unwrap_or(0);
            let options = DdlOptions { compression: compression.clone(), keep_days };
            print!("{}", ddl(&config.hbase.table_prefix, &options));
        }
        HbaseVerb::Check => return runtime()?.block_on(check(&config, place.json)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Looks at the tables through each gateway by itself.
async fn check(config: &Config, as_json: bool) -> anyhow::Result<ExitCode> {
    config.hbase.check()?;
    let mut faults = 0;
    for gateway in &config.hbase.gateways {
        let mut alone = config.clone();
        alone.hbase.gateways = vec![gateway.clone()];
        let store = store::hbase(&alone)?;
        let tell = |table: Option<&str>, what: &str, is_fault: bool| {
            if as_json {
                println!(
                    "{}",
                    json!({"gateway": gateway, "table": table, "what": what, "is_fault": is_fault})
                );
            } else {
                let about = table.map_or(String::new(), |table| format!(" table {table}"));
                let weight = if is_fault { "fault" } else { "note" };
                println!("{gateway}:{about} {what} ({weight})");
            }
        };
        match store.survey().await {
            Ok(findings) => {
                faults += findings.iter().filter(|finding| finding.is_fault).count();
                for finding in &findings {
                    tell(Some(finding.table), &finding.what, finding.is_fault);
                }
                if findings.iter().all(|finding| !finding.is_fault) && !as_json {
                    println!("{gateway}: answers, and has all tables");
                }
            }
            Err(error) => {
                faults += 1;
                let closer = match &error {
                    Error::Unreachable { .. } => look_closer(&alone).await,
                    _ => None,
                };
                let closer = closer.map_or(String::new(), |closer| format!("; {closer}"));
                let error = anyhow::Error::new(error).context("can't be used");
                tell(None, &format!("{error:#}{closer}"), true);
            }
        }
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What a gateway that can't be spoken with is all the same: of another mode, found by trying, or
/// something else that says what it is.
async fn look_closer(config: &Config) -> Option<String> {
    for (transport, transport_name) in
        [(Transport::Buffered, "buffered"), (Transport::Framed, "framed")]
    {
        for (protocol, protocol_name) in
            [(Protocol::Binary, "binary"), (Protocol::Compact, "compact")]
        {
            let mut other = config.clone();
            (other.hbase.transport, other.hbase.protocol) = (transport, protocol);
            if other.hbase == config.hbase {
                continue;
            }
            // Whatever it says of the tables, it was understood.
            let surveyed = store::hbase(&other).ok()?.survey().await;
            if !matches!(surveyed, Err(Error::Unreachable { .. })) {
                return Some(format!(
                    "with hbase.transport = \"{transport_name}\" and hbase.protocol = \
                     \"{protocol_name}\" it answers"
                ));
            }
        }
    }
    let patience = Duration::from_secs(config.hbase.connect_timeout_secs.max(1));
    let gateway = config.hbase.gateways.first()?;
    auxilio_thrift::look_closer(gateway, patience).map(str::to_owned)
}

//! `auxilio sample --fast`: report rows straight into Postgres, for scale.
//!
//! One thread makes batches of rows while Postgres takes those before over two connections. There is
//! no crash behind such a row: its report page says that the store does not know it. The builds that
//! the rows are of become known, and their products get users, so that the day can be counted.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, ensure};
use auxilio_common::limits::FIRST_YEAR;
use auxilio_common::{Clock, Day};
use auxilio_database::{Database, DbRole, Release, Report, SampleRows};
use auxilio_service::environment::Environment;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

use super::plan::Plan;
use super::products::PRODUCTS;
use super::row;
use super::story::Sample;
use crate::cli::{Place, SampleOptions};
use crate::installation::Installation;
use crate::verbs::runtime;

/// Rows of one batch: some megabytes, and a transaction of a fraction of a second.
const BATCH_ROWS: usize = 10_000;

/// Connections that write side by side: keeping the indexes is most of the work, and a small machine
/// has two cores.
const WRITERS: usize = 2;

/// Batches that wait for Postgres.
const BATCHES_WAITING: usize = 2;

pub(super) fn perform(
    place: &Place,
    options: &SampleOptions,
    day: Day,
    environment: &Environment,
    clock: &dyn Clock,
) -> anyhow::Result<ExitCode> {
    ensure!(day.ymd().0 >= FIRST_YEAR, "no crash is of a day before {FIRST_YEAR}");
    let config = Installation::find(place, environment)?.config.database;
    let plan = Plan::of_day(options.seed, options.count, day);
    let began = clock.monotonic();
    let written = runtime()?.block_on(async {
        let database = Database::connect(&config, DbRole::Owner)?;
        database.check().await?;
        ensure!(
            !database.is_sealed(day).await?,
            "the week of {day} is sealed: its reports were dropped, and it is not counted anew"
        );
        database.ensure_partition(day).await?;
        write(&database, plan, day).await
    })?;
    let seconds = clock.monotonic().saturating_sub(began).as_secs_f64().max(0.001);
    let known = options.count - written;
    if place.json {
        println!("{}", json!({"date": day, "rows": written, "known": known, "seconds": seconds}));
    } else {
        println!(
            "{written} rows for {day} in {seconds:.1} s, {:.0} a second",
            written as f64 / seconds
        );
        if known > 0 {
            println!("{known} were there already: another --seed makes others");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes all rows of a plan. Returns how many were not there.
async fn write(database: &Database, plan: Plan, day: Day) -> anyhow::Result<u64> {
    let (speaker, batches) = tokio::sync::mpsc::channel::<Vec<Report>>(BATCHES_WAITING);
    let maker = tokio::task::spawn_blocking(move || {
        let mut builds = Builds::default();
        let mut rows = plan.samples().map(|mut sample| {
            builds.note(&sample);
            row::of(&mut sample)
        });
        loop {
            let batch: Vec<Report> = rows.by_ref().take(BATCH_ROWS).collect();
            // Nobody listens any more after an error, which is told there.
            if batch.is_empty() || speaker.blocking_send(batch).is_err() {
                break;
            }
        }
        drop(rows);
        builds.told
    });
    let batches = Arc::new(Mutex::new(batches));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        writers.spawn(write_batches(database.sample_rows().await?, Arc::clone(&batches)));
    }
    drop(batches);
    let mut written = 0;
    while let Some(ended) = writers.join_next().await {
        written += ended.context("a writer of rows panicked")??;
    }
    let builds = maker.await.context("the maker of rows panicked")?;
    let mut writer = database.sample_rows().await?;
    writer.add_builds(&builds).await?;
    let guids: Vec<&str> = PRODUCTS.iter().map(|(_, product)| product.guid).collect();
    writer.count_users(day, &guids).await?;
    Ok(written)
}

/// The builds that rows are of, each once.
#[derive(Debug, Default)]
struct Builds {
    known: BTreeSet<(String, &'static str, &'static str, &'static str)>,
    told: Vec<Release>,
}

impl Builds {
    fn note(&mut self, sample: &Sample) {
        let (build, product) = (&sample.build, sample.product);
        let (platform, channel) = (sample.system.family.platform(), build.channel.name());
        if self.known.insert((build.id.clone(), product, channel, platform)) {
            self.told.push(Release {
                product: product.to_owned(),
                version: build.version.clone(),
                platform: platform.to_owned(),
                build_id: build.id.clone(),
                channel: channel.to_owned(),
                beta_number: build.beta,
                repository: Release::REPOSITORY.to_owned(),
            });
        }
    }
}

async fn write_batches(
    mut writer: SampleRows,
    batches: Arc<Mutex<Receiver<Vec<Report>>>>,
) -> anyhow::Result<u64> {
    let mut written = 0;
    loop {
        let batch = batches.lock().await.recv().await;
        let Some(batch) = batch else { return Ok(written) };
        written += writer.insert(batch).await?;
    }
}

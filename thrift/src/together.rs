//! Small asks of many callers in one call.
//!
//! A row of an index has a hundred bytes, and a call for it costs the gateway and the region server as
//! much as one for fifty of them. So asks that find calls of their kind under way wait for these, and
//! then go as one. Nobody waits on an idle system, and there is no timer: what gathers is what comes
//! while a call runs.
//!
//! Such a call crosses lanes: rows of a dead server would hold up all the others in it. So it gets
//! little patience. Whoever was in one that failed or hung goes on alone, in the lane of his own row,
//! and for a while nothing goes together.

mod look;
mod write;

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::oneshot;
use tokio::time::timeout;

pub(crate) use look::Look;
pub(crate) use write::Write;

use crate::client::Client;
use crate::error::Error;

/// Calls of one kind that run side by side. With a second one all is a little sooner, and hardly
/// anything gathers while eight callers are at work.
const RUNNING_MAX: usize = 1;

/// Asks of one call.
const ASKS_MAX: usize = 64;

/// Bytes of one call, its answer included.
const BYTES_MAX: usize = 1024 * 1024;

/// Time after which a call is taken to hang: as in a lane.
const PATIENCE: Duration = Duration::from_secs(2);

/// Time for which nothing goes together after trouble. A server that dies takes longer to be
/// replaced, and each try costs its askers the patience once.
const REST: Duration = Duration::from_secs(15);

/// One small thing that is asked of the cluster, which it does no harm to ask twice.
pub(crate) trait Ask: Clone + Send + Sync + Sized + 'static {
    type Answer: Send + 'static;

    /// The line in which such asks wait.
    fn line(client: &Client) -> &Line<Self>;

    /// Whose calls it counts among.
    fn kind(&self) -> Kind;

    /// Whether one call can carry both, which are of one kind.
    fn goes_with(&self, other: &Self) -> bool;

    /// About how many bytes it and its answer have.
    fn bytes(&self) -> usize;

    /// Asks for it alone.
    fn alone(self, client: &Client) -> impl Future<Output = Result<Self::Answer, Error>> + Send;

    /// Asks for all by one call; the answers in the same order.
    fn together(
        asks: Vec<Self>,
        client: &Client,
    ) -> impl Future<Output = Result<Vec<Self::Answer>, Error>> + Send;
}

/// A table, and what is asked of it.
pub(crate) type Kind = (&'static str, usize);

/// Asks that wait for a call.
pub(crate) struct Line<A: Ask> {
    state: Mutex<State<A>>,
}

struct State<A: Ask> {
    waiting: VecDeque<Waiting<A>>,
    /// The kind of each running call.
    running: Vec<Kind>,
    rests_until: Duration,
}

struct Waiting<A: Ask> {
    ask: A,
    answer: oneshot::Sender<Result<A::Answer, Error>>,
}

type Answered<A> = oneshot::Receiver<Result<<A as Ask>::Answer, Error>>;

impl<A: Ask> Default for Line<A> {
    fn default() -> Self {
        let state =
            State { waiting: VecDeque::new(), running: Vec::new(), rests_until: Duration::ZERO };
        Self { state: Mutex::new(state) }
    }
}

impl<A: Ask> Line<A> {
    fn lock(&self) -> MutexGuard<'_, State<A>> {
        // Every change leaves the state whole, so a panic elsewhere has broken nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the running calls, given back when it is dropped.
struct Place<A: Ask> {
    client: Client,
    kind: Kind,
    asks: PhantomData<fn(A)>,
}

impl<A: Ask> Place<A> {
    /// A place if there is one.
    fn take(client: &Client, state: &mut State<A>, kind: Kind) -> Option<Self> {
        let running = state.running.iter().filter(|other| **other == kind).count();
        (running < RUNNING_MAX).then(|| {
            state.running.push(kind);
            Self { client: client.clone(), kind, asks: PhantomData }
        })
    }

    /// A place if there is one and somebody waits.
    fn take_if_wanted(client: &Client, kind: Kind) -> Option<Self> {
        let mut state = A::line(client).lock();
        let is_wanted = state.waiting.iter().any(|waiting| waiting.ask.kind() == kind);
        if is_wanted { Self::take(client, &mut state, kind) } else { None }
    }
}

impl<A: Ask> Drop for Place<A> {
    fn drop(&mut self) {
        let mut state = A::line(&self.client).lock();
        if let Some(place) = state.running.iter().position(|kind| *kind == self.kind) {
            state.running.swap_remove(place);
        }
    }
}

/// Asks for one thing, together with others if they are under way.
pub(crate) async fn ask<A: Ask>(client: &Client, ask: A) -> Result<A::Answer, Error> {
    match wait_in_line(client, ask) {
        Ok(answered) => answered.await.unwrap_or(Err(Error::Closed { call: "together" })),
        Err(ask) => ask.alone(client).await,
    }
}

/// Lets an ask wait, and sees to it that somebody serves it. Gives it back while nothing goes
/// together.
fn wait_in_line<A: Ask>(client: &Client, ask: A) -> Result<Answered<A>, A> {
    let mut state = A::line(client).lock();
    if client.now() < state.rests_until {
        return Err(ask);
    }
    let (answer, answered) = oneshot::channel();
    let kind = ask.kind();
    state.waiting.push_back(Waiting { ask, answer });
    if let Some(place) = Place::take(client, &mut state, kind) {
        tokio::spawn(serve(place));
    }
    Ok(answered)
}

/// Serves those who wait until nobody does.
async fn serve<A: Ask>(mut place: Place<A>) {
    let (client, kind) = (place.client.clone(), place.kind);
    loop {
        let all = next(&mut A::line(&client).lock().waiting, kind);
        if !all.is_empty() {
            serve_some(&client, all).await;
            continue;
        }
        drop(place);
        // Whoever came before the place was free has found none.
        match Place::take_if_wanted(&client, kind) {
            Some(again) => place = again,
            None => return,
        }
    }
}

/// The first of a kind who waits, and who goes with it, as many as fit.
fn next<A: Ask>(waiting: &mut VecDeque<Waiting<A>>, kind: Kind) -> Vec<Waiting<A>> {
    let first = waiting.iter().position(|waiting| waiting.ask.kind() == kind);
    let Some(mut place) = first else { return Vec::new() };
    let mut all: Vec<_> = waiting.remove(place).into_iter().collect();
    let mut bytes: usize = all.iter().map(|first| first.ask.bytes()).sum();
    while all.len() < ASKS_MAX
        && let Some(other) = waiting.get(place)
    {
        let more = bytes + other.ask.bytes();
        let goes_with =
            |first: &Waiting<A>| other.ask.kind() == kind && first.ask.goes_with(&other.ask);
        if more <= BYTES_MAX && all.first().is_some_and(goes_with) {
            bytes = more;
            all.extend(waiting.remove(place));
        } else {
            place += 1;
        }
    }
    all
}

async fn serve_some<A: Ask>(client: &Client, mut all: Vec<Waiting<A>>) {
    all.retain(|waiting| !waiting.answer.is_closed());
    if all.len() > 1 {
        let asks = all.iter().map(|waiting| waiting.ask.clone()).collect();
        match timeout(PATIENCE, A::together(asks, client)).await {
            Ok(Ok(answers)) if answers.len() == all.len() => {
                for (waiting, answer) in all.into_iter().zip(answers) {
                    // Whoever asked may have gone.
                    let _ = waiting.answer.send(Ok(answer));
                }
                return;
            }
            Ok(Ok(_)) => tracing::debug!(asks = all.len(), "an answer to many had not all of them"),
            Ok(Err(error)) => tracing::debug!(asks = all.len(), %error, "a call for many failed"),
            Err(_) => tracing::debug!(asks = all.len(), "a call for many hangs"),
        }
        A::line(client).lock().rests_until = client.now() + REST;
    }
    let mut alone = Box::pin(join_all(all.into_iter().map(|waiting| {
        let client = client.clone();
        async move {
            let answer = waiting.ask.alone(&client).await;
            let _ = waiting.answer.send(answer);
        }
    })));
    // One that hangs goes on by itself; those who wait behind it do not.
    if timeout(PATIENCE, &mut alone).await.is_err() {
        tokio::spawn(alone);
    }
}

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

/// Whoever is asked. Clones are the same.
pub(crate) trait Asked: Clone + Send + Sync + 'static {
    /// The monotonic time.
    fn now(&self) -> Duration;
}

impl Asked for Client {
    fn now(&self) -> Duration {
        Self::now(self)
    }
}

/// One small thing that is asked of the cluster, which it does no harm to ask twice.
pub(crate) trait Ask: Clone + Send + Sync + Sized + 'static {
    /// Who is asked: a client.
    type Asked: Asked;

    type Answer: Send + 'static;

    /// The line in which such asks wait.
    fn line(asked: &Self::Asked) -> &Line<Self>;

    /// Whose calls it counts among.
    fn kind(&self) -> Kind;

    /// Whether one call can carry both, which are of one kind.
    fn goes_with(&self, other: &Self) -> bool;

    /// About how many bytes it and its answer have.
    fn bytes(&self) -> usize;

    /// Asks for it alone.
    fn alone(self, asked: &Self::Asked)
    -> impl Future<Output = Result<Self::Answer, Error>> + Send;

    /// Asks for all by one call; the answers in the same order.
    fn together(
        asks: Vec<Self>,
        asked: &Self::Asked,
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
    asked: A::Asked,
    kind: Kind,
}

impl<A: Ask> Place<A> {
    /// A place if there is one.
    fn take(asked: &A::Asked, state: &mut State<A>, kind: Kind) -> Option<Self> {
        let running = state.running.iter().filter(|other| **other == kind).count();
        (running < RUNNING_MAX).then(|| {
            state.running.push(kind);
            Self { asked: asked.clone(), kind }
        })
    }

    /// A place if there is one and somebody waits.
    fn take_if_wanted(asked: &A::Asked, kind: Kind) -> Option<Self> {
        let mut state = A::line(asked).lock();
        let is_wanted = state.waiting.iter().any(|waiting| waiting.ask.kind() == kind);
        if is_wanted { Self::take(asked, &mut state, kind) } else { None }
    }
}

impl<A: Ask> Drop for Place<A> {
    fn drop(&mut self) {
        let mut state = A::line(&self.asked).lock();
        if let Some(place) = state.running.iter().position(|kind| *kind == self.kind) {
            state.running.swap_remove(place);
        }
        if std::thread::panicking() {
            // Nobody would serve those who wait behind it: they learn that they have no answer.
            state.waiting.retain(|waiting| waiting.ask.kind() != self.kind);
        }
    }
}

/// Asks for one thing, together with others if they are under way.
pub(crate) async fn ask<A: Ask>(asked: &A::Asked, ask: A) -> Result<A::Answer, Error> {
    match wait_in_line(asked, ask) {
        Ok(answered) => answered.await.unwrap_or(Err(Error::Closed { call: "together" })),
        Err(ask) => ask.alone(asked).await,
    }
}

/// Lets an ask wait, and sees to it that somebody serves it. Gives it back while nothing goes
/// together.
fn wait_in_line<A: Ask>(asked: &A::Asked, ask: A) -> Result<Answered<A>, A> {
    let (answer, answered) = oneshot::channel();
    let kind = ask.kind();
    let place = {
        let mut state = A::line(asked).lock();
        if asked.now() < state.rests_until {
            return Err(ask);
        }
        state.waiting.push_back(Waiting { ask, answer });
        Place::take(asked, &mut state, kind)
    };
    // Without the lock: a runtime that ends drops the task, and its place with it, at once.
    if let Some(place) = place {
        tokio::spawn(serve(place));
    }
    Ok(answered)
}

/// Serves those who wait until nobody does.
async fn serve<A: Ask>(mut place: Place<A>) {
    let (asked, kind) = (place.asked.clone(), place.kind);
    loop {
        let all = next(&mut A::line(&asked).lock().waiting, kind);
        if !all.is_empty() {
            serve_some(&asked, all).await;
            continue;
        }
        drop(place);
        // Whoever came before the place was free has found none.
        match Place::take_if_wanted(&asked, kind) {
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

async fn serve_some<A: Ask>(asked: &A::Asked, mut all: Vec<Waiting<A>>) {
    all.retain(|waiting| !waiting.answer.is_closed());
    if all.len() > 1 {
        let asks = all.iter().map(|waiting| waiting.ask.clone()).collect();
        match timeout(PATIENCE, A::together(asks, asked)).await {
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
        A::line(asked).lock().rests_until = asked.now() + REST;
    }
    let mut alone = Box::pin(join_all(all.into_iter().map(|waiting| {
        let asked = asked.clone();
        async move {
            let answer = waiting.ask.alone(&asked).await;
            let _ = waiting.answer.send(answer);
        }
    })));
    // One that hangs goes on by itself; those who wait behind it do not.
    if timeout(PATIENCE, &mut alone).await.is_err() {
        tokio::spawn(alone);
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// How long a call takes.
    const TRAVEL: Duration = Duration::from_millis(100);

    /// A number as a key, asked for ten times itself.
    #[derive(Clone)]
    struct Number(u64);

    /// A cluster that notes its calls. What it does about a call for many is `many`; alone, number
    /// 13 hangs.
    #[derive(Clone, Default)]
    struct Cluster(Arc<Inner>);

    #[derive(Default)]
    struct Inner {
        line: Line<Number>,
        calls: Mutex<Vec<Vec<u64>>>,
        many: Many,
        seconds: AtomicU64,
    }

    #[derive(Clone, Copy, Default)]
    enum Many {
        #[default]
        Answered,
        Refused,
        Mute,
    }

    impl Cluster {
        fn new(many: Many) -> Self {
            Self(Arc::new(Inner { many, ..Inner::default() }))
        }

        fn take_calls(&self) -> Vec<Vec<u64>> {
            std::mem::take(&mut self.0.calls.lock().unwrap())
        }

        fn note(&self, asks: &[Number]) {
            self.0.calls.lock().unwrap().push(asks.iter().map(|Number(number)| *number).collect());
        }

        async fn ask_all(&self, numbers: Range<u64>) -> Vec<u64> {
            let answers = join_all(numbers.map(|number| ask(self, Number(number)))).await;
            answers.into_iter().map(Result::unwrap).collect()
        }
    }

    impl Asked for Cluster {
        fn now(&self) -> Duration {
            Duration::from_secs(self.0.seconds.load(Ordering::Relaxed))
        }
    }

    impl Ask for Number {
        type Asked = Cluster;
        type Answer = u64;

        fn line(cluster: &Cluster) -> &Line<Self> {
            &cluster.0.line
        }

        fn kind(&self) -> Kind {
            ("t", 0)
        }

        fn goes_with(&self, other: &Self) -> bool {
            self.0 / 100 == other.0 / 100
        }

        fn bytes(&self) -> usize {
            1
        }

        async fn alone(self, cluster: &Cluster) -> Result<u64, Error> {
            cluster.note(std::slice::from_ref(&self));
            let travel = if self.0 == 13 { Duration::from_secs(3_600) } else { TRAVEL };
            tokio::time::sleep(travel).await;
            Ok(self.0 * 10)
        }

        async fn together(asks: Vec<Self>, cluster: &Cluster) -> Result<Vec<u64>, Error> {
            cluster.note(&asks);
            tokio::time::sleep(TRAVEL).await;
            match cluster.0.many {
                Many::Answered => Ok(asks.iter().map(|Number(number)| number * 10).collect()),
                Many::Refused => Err(Error::Busy { call: "many" }),
                Many::Mute => std::future::pending().await,
            }
        }
    }

    fn tens(numbers: Range<u64>) -> Vec<u64> {
        numbers.map(|number| number * 10).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_while_a_call_runs_goes_as_one_with_its_like() {
        let cluster = Cluster::new(Many::Answered);
        // 95 to 99 are not of the kind of 100 to 104: two calls.
        assert_eq!(cluster.ask_all(95..105).await, tens(95..105));
        assert_eq!(cluster.take_calls(), [(95..100).collect::<Vec<_>>(), (100..105).collect()]);
        // Nobody else is there: no wait, no batch.
        let began = tokio::time::Instant::now();
        assert_eq!(cluster.ask_all(7..8).await, [70]);
        assert_eq!((cluster.take_calls(), began.elapsed()), (vec![vec![7]], TRAVEL));
        assert_eq!(cluster.ask_all(200..300).await, tens(200..300));
        let sizes: Vec<_> = cluster.take_calls().iter().map(Vec::len).collect();
        assert_eq!(sizes, [ASKS_MAX, 100 - ASKS_MAX]);
    }

    #[tokio::test(start_paused = true)]
    async fn after_trouble_everybody_gets_his_answer_alone_and_for_a_while_goes_alone() {
        for (many, waited) in [(Many::Refused, TRAVEL), (Many::Mute, PATIENCE)] {
            let cluster = Cluster::new(many);
            let began = tokio::time::Instant::now();
            assert_eq!(cluster.ask_all(0..3).await, tens(0..3));
            assert_eq!(began.elapsed(), waited + TRAVEL);
            assert_eq!(cluster.take_calls(), [vec![0, 1, 2], vec![0], vec![1], vec![2]]);
            assert_eq!(cluster.ask_all(3..5).await, tens(3..5));
            assert_eq!(cluster.take_calls(), [[3], [4]]);
            cluster.0.seconds.store(REST.as_secs(), Ordering::Relaxed);
            assert_eq!(cluster.ask_all(5..7).await, tens(5..7));
            assert_eq!(cluster.take_calls()[0], [5, 6]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_does_not_hold_up_those_behind_it() {
        let cluster = Cluster::new(Many::Answered);
        let hanging = tokio::spawn({
            let cluster = cluster.clone();
            async move { cluster.ask_all(13..14).await }
        });
        tokio::time::sleep(TRAVEL).await;
        let began = tokio::time::Instant::now();
        assert_eq!(cluster.ask_all(20..22).await, tens(20..22));
        assert_eq!(began.elapsed(), PATIENCE);
        assert_eq!(hanging.await.unwrap(), [130], "it had its answer in the end");
    }

    #[tokio::test(start_paused = true)]
    async fn who_left_is_not_asked_for_and_his_place_serves_others() {
        let cluster = Cluster::new(Many::Answered);
        let first = tokio::spawn({
            let cluster = cluster.clone();
            async move { cluster.ask_all(1..2).await }
        });
        tokio::task::yield_now().await;
        let left = tokio::time::timeout(TRAVEL / 2, cluster.ask_all(2..4)).await;
        assert!(left.is_err());
        assert_eq!(cluster.ask_all(4..6).await, tens(4..6));
        assert_eq!(first.await.unwrap(), [10]);
        assert_eq!(cluster.take_calls(), [vec![1], vec![4, 5]]);
    }
}

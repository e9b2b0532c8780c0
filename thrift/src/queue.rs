//! Whose turn it is: lanes of waiting calls, and how many may run.
//!
//! Three rules. A lane whose calls fail or hang gets at most two calls, the second seconds after the first,
//! and pauses between tries. Calls that hang do not count as running, so that the other lanes keep
//! their share. When the cluster says that it is busy, the number of calls at once is halved, and
//! grows again with each success.
//!
//! Times are those of the monotonic clock; nothing here waits or reads a clock.

use std::collections::VecDeque;
use std::time::Duration;

use crate::lane::{LANES, Lane};

/// Calls that may wait in one lane: a crashmover has a few for each crash that it carries.
const WAITING_MAX: usize = 256;

/// A call that takes longer hangs: a put of 4 MiB takes a tenth of it.
const HANGS_AFTER: Duration = Duration::from_secs(2);

/// Calls at once in a lane with trouble.
const TROUBLED_CALLS_MAX: usize = 2;

/// Time until a lane whose call hangs gets another: by another gateway it may go through.
const SECOND_TRY_AFTER: Duration = Duration::from_secs(5);

/// First and longest pause of a lane with trouble.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Time in which several calls that were told that the cluster is busy count as one.
const HALVED_FOR: Duration = Duration::from_secs(1);

/// What a finished call says about the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// These rows are served.
    Well,
    /// There should be fewer calls.
    Busy,
    /// These rows are not served now.
    Trouble,
    /// Nothing: a gateway failed.
    Nothing,
}

/// The lanes, each with its waiting jobs `J`.
pub(crate) struct Queue<J> {
    lanes: [State<J>; LANES],
    /// The lane whose turn is next.
    turn: usize,
    /// Calls at once while all is well.
    most: usize,
    /// Calls at once now.
    allowed: f64,
    halved_at: Option<Duration>,
}

struct State<J> {
    waiting: VecDeque<J>,
    /// When each running call began.
    running: Vec<Duration>,
    failed: bool,
    pause: Duration,
    paused_until: Duration,
    succeeded_at: Duration,
}

impl<J> Default for State<J> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            running: Vec::new(),
            failed: false,
            pause: Duration::ZERO,
            paused_until: Duration::ZERO,
            succeeded_at: Duration::ZERO,
        }
    }
}

impl<J> State<J> {
    /// How many of its jobs may begin now.
    fn turns(&self, most: usize, now: Duration) -> usize {
        if now < self.paused_until {
            return 0;
        }
        let hangs =
            self.running.iter().any(|began| hangs(*began, now) && *began >= self.succeeded_at);
        if self.failed || hangs {
            let old = |began: &Duration| now.saturating_sub(*began) >= SECOND_TRY_AFTER;
            let one = self.running.len() < TROUBLED_CALLS_MAX && self.running.iter().all(old);
            self.waiting.len().min(usize::from(one))
        } else {
            self.waiting.len().min(most.saturating_sub(self.running.len()))
        }
    }
}

fn hangs(began: Duration, now: Duration) -> bool {
    now.saturating_sub(began) >= HANGS_AFTER
}

impl<J> Queue<J> {
    /// For `connections` calls at once.
    pub(crate) fn new(connections: usize) -> Self {
        let most = connections.max(1);
        let lanes = std::array::from_fn(|_| State::default());
        Self { lanes, turn: 0, most, allowed: most as f64, halved_at: None }
    }

    /// Lets a job wait for its turn; gives it back if too many wait.
    pub(crate) fn push(&mut self, lane: Lane, job: J) -> Result<(), J> {
        let waiting = &mut self.lane(lane).waiting;
        if waiting.len() >= WAITING_MAX {
            return Err(job);
        }
        waiting.push_back(job);
        Ok(())
    }

    /// Lets a job wait again, before all others of its lane.
    pub(crate) fn put_back(&mut self, lane: Lane, job: J) {
        self.lane(lane).waiting.push_front(job);
    }

    /// How many jobs wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lanes.iter().map(|lane| lane.waiting.len()).sum()
    }

    /// How many calls run.
    pub(crate) fn running(&self) -> usize {
        self.lanes.iter().map(|lane| lane.running.len()).sum()
    }

    /// Calls at once that are allowed now.
    pub(crate) fn allowed(&self) -> f64 {
        self.allowed
    }

    /// How many jobs may begin now.
    pub(crate) fn turns(&self, now: Duration) -> usize {
        let (room, most) = self.room(now);
        self.lanes.iter().map(|lane| lane.turns(most, now)).sum::<usize>().min(room)
    }

    /// The job whose turn it is.
    pub(crate) fn take(&mut self, now: Duration) -> Option<J> {
        let place = self.next(now)?;
        self.turn = (place + 1) % LANES;
        let lane = &mut self.lanes[place];
        let job = lane.waiting.pop_front()?;
        lane.running.push(now);
        Some(job)
    }

    /// Takes out all waiting jobs.
    pub(crate) fn drain(&mut self) -> Vec<J> {
        self.lanes.iter_mut().flat_map(|lane| lane.waiting.drain(..)).collect()
    }

    /// A call that began at `began` is over. `jitter` is a random part below one of the next pause.
    pub(crate) fn done(
        &mut self,
        lane: Lane,
        began: Duration,
        verdict: Verdict,
        now: Duration,
        jitter: f64,
    ) {
        let lane = self.lane(lane);
        if let Some(place) = lane.running.iter().position(|other| *other == began) {
            lane.running.swap_remove(place);
        }
        match verdict {
            Verdict::Well => {
                (lane.failed, lane.pause) = (false, Duration::ZERO);
                (lane.paused_until, lane.succeeded_at) = (Duration::ZERO, now);
                self.allowed = (self.allowed + 1.0 / self.allowed).min(self.most as f64);
            }
            Verdict::Busy | Verdict::Trouble => {
                lane.failed = true;
                lane.pause = (lane.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
                lane.paused_until = now + lane.pause.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
                if verdict == Verdict::Busy {
                    self.halve(now);
                }
            }
            Verdict::Nothing => {}
        }
    }

    fn halve(&mut self, now: Duration) {
        if self.halved_at.is_none_or(|at| now.saturating_sub(at) >= HALVED_FOR) {
            self.allowed = (self.allowed / 2.0).max(1.0);
            self.halved_at = Some(now);
        }
    }

    fn next(&self, now: Duration) -> Option<usize> {
        let (room, most) = self.room(now);
        (0..LANES)
            .map(|step| (self.turn + step) % LANES)
            .find(|place| room > 0 && self.lanes[*place].turns(most, now) > 0)
    }

    /// How many more calls may run, and how many in one lane.
    fn room(&self, now: Duration) -> (usize, usize) {
        let began = self.lanes.iter().flat_map(|lane| &lane.running);
        let running = began.filter(|began| !hangs(**began, now)).count();
        // Whole calls of what is allowed.
        let allowed = (1..=self.most).rev().find(|calls| *calls as f64 <= self.allowed);
        // Half of all calls in a lane, so that one never has them all.
        (allowed.unwrap_or(1).saturating_sub(running), (self.most / 2).max(2))
    }

    fn lane(&mut self, lane: Lane) -> &mut State<J> {
        &mut self.lanes[lane.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(salt: u8) -> Lane {
        Lane::of(&[salt])
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn filled(lanes: &[u8], each: usize) -> Queue<u8> {
        let mut queue = Queue::new(8);
        for salt in lanes {
            (0..each).for_each(|_| queue.push(lane(*salt), *salt).unwrap());
        }
        queue
    }

    fn take_all(queue: &mut Queue<u8>, now: Duration) -> Vec<u8> {
        std::iter::from_fn(|| queue.take(now)).collect()
    }

    #[test]
    fn lanes_take_turns_and_none_has_all() {
        let mut queue = filled(b"0", 10);
        assert_eq!(take_all(&mut queue, ms(0)), b"0000");
        let mut queue = filled(b"09af", 10);
        assert_eq!(take_all(&mut queue, ms(0)), b"09af09af");
    }

    #[test]
    fn lanes_whose_calls_hang_leave_all_connections_to_the_others() {
        let dead = b"01234567";
        let mut queue = filled(b"0123456789abcdef", 200);
        let mut now = ms(0);
        // All first calls meet the dead half, as they do by chance sooner or later.
        let first = take_all(&mut queue, now);
        assert_eq!(first, dead);
        now += HANGS_AFTER;
        let mut served = 0;
        for _ in 0..60 {
            let taken = take_all(&mut queue, now);
            let (hang, live): (Vec<_>, Vec<_>) =
                taken.into_iter().partition(|salt| dead.contains(salt));
            served += live.len();
            assert!(hang.len() + live.len() <= 8);
            let began = now;
            now += ms(10);
            for salt in live {
                queue.done(lane(salt), began, Verdict::Well, now, 0.0);
            }
        }
        assert_eq!(served, 60 * 8, "every round has all connections");
        // After some seconds each dead lane gets one more call, and then no third.
        now = ms(0) + SECOND_TRY_AFTER;
        let second = take_all(&mut queue, now);
        assert!(second.iter().filter(|salt| dead.contains(salt)).count() > 0);
        let hanging: Vec<_> =
            b"01234567".iter().map(|salt| queue.lanes[lane(*salt).index()].running.len()).collect();
        assert!(hanging.iter().all(|calls| *calls <= TROUBLED_CALLS_MAX), "{hanging:?}");
    }

    #[test]
    fn a_lane_that_failed_pauses_longer_each_time_and_one_success_opens_it() {
        let mut queue = filled(b"5", 50);
        let mut now = ms(0);
        for pause in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            assert_eq!(queue.take(now), Some(b'5'), "before a pause of {pause}");
            queue.done(lane(b'5'), now, Verdict::Trouble, now, 1.0);
            assert_eq!(queue.take(now + ms(pause - 1)), None);
            now += ms(pause);
        }
        assert_eq!(queue.take(now), Some(b'5'));
        assert_eq!(queue.take(now), None, "one at a time");
        queue.done(lane(b'5'), now, Verdict::Well, now, 0.0);
        assert_eq!(take_all(&mut queue, now).len(), 4);
    }

    #[test]
    fn a_busy_cluster_gets_half_and_then_more_again() {
        let mut queue = filled(b"0123456789", 200);
        take_all(&mut queue, ms(0));
        for salt in b"01" {
            queue.done(lane(*salt), ms(0), Verdict::Busy, ms(5), 0.0);
        }
        assert!((queue.allowed() - 4.0).abs() < 0.01, "two at once are one");
        for salt in b"234567" {
            queue.done(lane(*salt), ms(0), Verdict::Nothing, ms(5), 0.0);
        }
        assert_eq!(take_all(&mut queue, ms(5)).len(), 4);
        for number in 0..100 {
            queue.done(lane(b'8'), ms(9_999), Verdict::Well, ms(6 + number), 0.0);
        }
        assert!((queue.allowed() - 8.0).abs() < 0.01);
    }

    #[test]
    fn a_lane_that_is_full_gives_the_job_back() {
        let mut queue = filled(b"7", WAITING_MAX);
        assert_eq!(queue.push(lane(b'7'), 9), Err(9));
        assert_eq!(queue.waiting(), WAITING_MAX);
        queue.push(lane(b'8'), 9).unwrap();
        assert_eq!(queue.drain().len(), WAITING_MAX + 1);
    }
}

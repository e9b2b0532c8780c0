//! One worker process, as its pool sees it.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::{CrashId, JsonText, limits};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::readable::Readable;
use crate::protocol::{Answer, Hello, LINE_BYTES_MAX, Request};
use crate::{PoolOptions, Walk, WalkError, WalkFacts, WalkRequest};

/// Bytes of standard error that are kept for the report of a death.
const STDERR_TAIL_BYTES: usize = 4 * 1024;

/// Bytes of JSON that are read on the spot: it takes less than a millisecond.
const READ_AT_ONCE_BYTES_MAX: usize = 512 * 1024;

/// Bytes of symbols a second that are indexed at least: a tenth of what was measured.
const INDEXED_BYTES_PER_SECOND: u64 = 10_000_000;

/// Time for a worker to start: it takes milliseconds on a quiet machine.
const STARTING_TIME_MAX: Duration = Duration::from_secs(20);

/// Time for a dying process to be gone, and for the last of its standard error to arrive.
const DYING_TIME_MAX: Duration = Duration::from_secs(5);

/// How long an idle worker may take to read a request: it has nothing else to do.
const BEGIN_TIME_MAX: Duration = Duration::from_secs(20);

/// A running worker. Dropped, it is killed.
pub(super) struct WorkerProcess {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    stderr: Tail,
    dumps: u32,
    resident_bytes: u64,
}

/// The end of a stream, and the task that reads it.
struct Tail {
    bytes: Arc<Mutex<VecDeque<u8>>>,
    reader: JoinHandle<()>,
}

/// How talking to a worker can fail.
enum TalkError {
    /// It is gone, or says what no worker says.
    Broken(String),
    /// It took too long.
    TimedOut,
}

impl From<io::Error> for TalkError {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl WorkerProcess {
    pub(super) async fn start(options: &PoolOptions) -> io::Result<Self> {
        let mut child = Command::new(&options.program)
            .args(&options.arguments)
            // A walker needs nothing of the environment, which may hold secrets.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three streams were asked for as pipes")
        };
        let hello = Hello {
            stores: options.stores.clone(),
            cache: options.cache.clone(),
            address_space_bytes: options.address_space_bytes,
        };
        let (mut stdout, stderr) = (BufReader::new(stdout), Tail::of(stderr));
        // A program that can't even start is no dump's fault.
        let greeting = async {
            write_line(&mut stdin, &hello).await?;
            read_line(&mut stdout).await
        };
        match timeout(STARTING_TIME_MAX, greeting).await {
            Ok(Ok(Answer::Ready)) => {}
            Ok(Ok(_other)) => return Err(io::Error::other("it is no stack walker")),
            Ok(Err(error)) => return Err(error),
            Err(elapsed) => return Err(elapsed.into()),
        }
        Ok(Self { child, stdin, stdout, stderr, dumps: 0, resident_bytes: 0 })
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether it should be replaced before the next dump.
    pub(super) fn is_worn_out(&self, options: &PoolOptions) -> bool {
        self.dumps >= options.dumps_max || self.resident_bytes > options.resident_bytes_max
    }

    /// Sends a request and waits until the worker begins with it. A worker that fails here has not
    /// touched the dump: another one may try.
    pub(super) async fn begin(&mut self, request: &WalkRequest) -> io::Result<()> {
        self.dumps += 1;
        let talk = async {
            write_line(&mut self.stdin, &Request::of(request)).await?;
            match read_line(&mut self.stdout).await? {
                Answer::Begun => Ok(()),
                _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it has answered out of turn")),
            }
        };
        timeout(BEGIN_TIME_MAX, talk).await.unwrap_or_else(|_elapsed| {
            Err(io::Error::new(io::ErrorKind::TimedOut, "it did not begin in time"))
        })
    }

    /// The walk that was begun.
    pub(super) async fn walk(
        &mut self,
        crash_id: CrashId,
        limit: Duration,
    ) -> Result<Walk, WalkError> {
        let (answer, json) = match self.listen(limit).await {
            Ok(answered) => answered,
            Err(TalkError::TimedOut) => {
                // Killed here, not only when dropped, so that it is gone when the answer is.
                let _gone = timeout(DYING_TIME_MAX, self.child.kill()).await;
                return Err(WalkError::TimedOut { crash_id, limit });
            }
            Err(TalkError::Broken(what)) => return Err(self.death(crash_id, what).await),
        };
        match answer {
            Answer::Walked { facts, resident_bytes, .. } => {
                self.resident_bytes = resident_bytes;
                self.finish(crash_id, json, facts).await
            }
            Answer::Unreadable { status } => Err(WalkError::Unreadable { crash_id, status }),
            Answer::Io { message } => Err(WalkError::Io(message)),
            Answer::Ready | Answer::Begun | Answer::Indexing { .. } => {
                let what = "it has answered out of turn".to_owned();
                Err(self.death(crash_id, what).await)
            }
        }
    }

    /// Reads the answer to a request.
    async fn listen(&mut self, limit: Duration) -> Result<(Answer, Vec<u8>), TalkError> {
        let mut deadline = Instant::now() + limit;
        let answer = loop {
            match within(deadline, read_line(&mut self.stdout)).await? {
                Answer::Indexing { bytes } => {
                    let seconds = bytes / INDEXED_BYTES_PER_SECOND + 1;
                    deadline += Duration::from_secs(seconds);
                }
                answer => break answer,
            }
        };
        let mut json = Vec::new();
        if let Answer::Walked { json_bytes, .. } = answer {
            if json_bytes > limits::WALK_JSON_BYTES_MAX {
                return Err(TalkError::Broken(format!("it announced {json_bytes} bytes of JSON")));
            }
            // Below the limit, so it fits into memory.
            json.resize(usize::try_from(json_bytes).unwrap_or(0), 0);
            within(deadline, self.stdout.read_exact(&mut json)).await?;
        }
        Ok((answer, json))
    }

    async fn finish(
        &mut self,
        crash_id: CrashId,
        json: Vec<u8>,
        facts: WalkFacts,
    ) -> Result<Walk, WalkError> {
        // Megabytes take milliseconds: not on a thread that serves others. Less is not worth a switch.
        let read = if json.len() > READ_AT_ONCE_BYTES_MAX {
            match tokio::task::spawn_blocking(move || read_json(json)).await {
                Ok(read) => read,
                Err(error) => Err(error.to_string()),
            }
        } else {
            read_json(json)
        };
        match read {
            Ok(json_dump) => Ok(Walk::new(json_dump, facts)),
            Err(what) => Err(self.death(crash_id, what).await),
        }
    }

    /// Tells how a worker ended that broke off talking; kills it if it did not end.
    async fn death(&mut self, crash_id: CrashId, what: String) -> WalkError {
        let how = match timeout(DYING_TIME_MAX, self.child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => format!("{what}; its end can't be learnt: {error}"),
            Err(_elapsed) => {
                let _gone = timeout(DYING_TIME_MAX, self.child.kill()).await;
                format!("it was killed because it answered nonsense: {what}")
            }
        };
        let stderr_tail = self.stderr.text().await;
        WalkError::Died { crash_id, how, stderr_tail }
    }
}

impl Tail {
    fn of(mut stream: ChildStderr) -> Self {
        let bytes = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&bytes);
        let reader = tokio::spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(&buffer[..count]);
                let surplus = kept.len().saturating_sub(STDERR_TAIL_BYTES);
                kept.drain(..surplus);
            }
        });
        Self { bytes, reader }
    }

    async fn text(&mut self) -> String {
        let _all_read = timeout(DYING_TIME_MAX, &mut self.reader).await;
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(bytes.make_contiguous()).trim().to_owned()
    }
}

/// The answer's JSON as text. What no reader could take apart later is refused here.
fn read_json(json: Vec<u8>) -> Result<JsonText, String> {
    let text = String::from_utf8(json).map_err(|error| error.to_string())?;
    if !text.starts_with('{') {
        return Err("its JSON is no object".to_owned());
    }
    // Our own writer escapes nothing but control characters; anything else is looked at closely.
    let escapes = text.contains("\\u");
    let json_dump = JsonText::new(text).map_err(|error| error.to_string())?;
    if escapes {
        serde_json::from_str::<Readable>(json_dump.get()).map_err(|error| error.to_string())?;
    }
    Ok(json_dump)
}

async fn within<T>(
    deadline: Instant,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, TalkError> {
    Ok(timeout_at(deadline, work).await.map_err(|_elapsed| TalkError::TimedOut)??)
}

async fn write_line(stdin: &mut ChildStdin, value: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stdin.write_all(&line).await?;
    stdin.flush().await
}

async fn read_line(stdout: &mut BufReader<ChildStdout>) -> io::Result<Answer> {
    let mut line = Vec::new();
    stdout.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed its standard output"));
    }
    Ok(serde_json::from_slice(&line)?)
}

//! Opens connections: picks a gateway, looks it up, connects and asks the first question.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Clock, Random, limits};
use hbase_thrift::hbase::{THbaseSyncClient as _, TThriftServerType};
use thrift::ApplicationErrorKind;

use crate::config::{Config, Protocol};
use crate::connection::{Connection, Failure};
use crate::diagnosis::{self, diagnose};
use crate::error::{ConnectError, Error, WireError};
use crate::gateway::{Gateway, Gateways, Seat};
use crate::observer::{ConnectionEvent, Observer};
use crate::transport::{Socket, Transport, look_up};

/// What opening a connection takes. Shared by all threads.
pub(crate) struct Dialer {
    pub(crate) gateways: Gateways,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    random: Arc<dyn Random>,
    mode: (Transport, Protocol),
    patience: Duration,
}

impl Dialer {
    pub(crate) fn new(
        config: &Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        Ok(Self {
            gateways: Gateways::parse(&config.gateways)?,
            clock,
            observer,
            random,
            mode: (config.transport, config.protocol),
            patience: config.connect_timeout(),
        })
    }

    /// Opens a connection before `until`, trying each gateway at most once.
    pub(crate) fn dial(&self, call: &'static str, until: Duration) -> Result<Connection, Error> {
        let mut tried = Vec::with_capacity(self.gateways.len());
        let mut last = None;
        loop {
            let now = self.clock.monotonic();
            let Some(gateway) = self.gateways.pick(now, &tried, &*self.random) else { break };
            let until = until.min(now + self.patience);
            gateway.breaker(|breaker| breaker.begin(now, self.patience));
            match self.open(&gateway, until) {
                Ok(connection) => return Ok(connection),
                Err(error) => last = Some(error),
            }
            tried.push(gateway);
        }
        Err(match last {
            Some(source) => Error::Unreachable { call, source },
            None => Error::Resting { call },
        })
    }

    fn open(&self, gateway: &Arc<Gateway>, until: Duration) -> Result<Connection, ConnectError> {
        let name = gateway.to_string();
        let opened = self.connect(gateway, until).and_then(|mut connection| {
            self.probe(&mut connection, &name, until).map(|()| connection)
        });
        let now = self.clock.monotonic();
        if opened.is_ok() {
            let was_open = gateway.breaker(|breaker| {
                let was_open = breaker.is_open();
                breaker.succeeded();
                was_open
            });
            self.observer.connection(&name, ConnectionEvent::Opened);
            if was_open {
                self.observer.breaker(&name, false);
            }
        } else {
            self.observer.connection(&name, ConnectionEvent::Failed);
            if gateway.breaker(|breaker| breaker.failed(now)) {
                self.observer.breaker(&name, true);
            }
        }
        opened
    }

    fn connect(&self, gateway: &Arc<Gateway>, until: Duration) -> Result<Connection, ConnectError> {
        let name = gateway.to_string();
        let left = until.saturating_sub(self.clock.monotonic());
        let addresses = look_up(&gateway.host, gateway.port, left)
            .map_err(|source| ConnectError::LookUp { gateway: name.clone(), source })?;
        let mut tried = Err(std::io::ErrorKind::NotFound.into());
        for address in addresses {
            tried = Socket::connect(address, until, Arc::clone(&self.clock));
            if tried.is_ok() {
                break;
            }
        }
        let socket = tried.map_err(|source| ConnectError::Connect { gateway: name, source })?;
        let seat = Seat::take(Arc::clone(gateway));
        Ok(Connection::over(socket, self.mode, seat, self.clock.monotonic()))
    }

    /// Asks for the gateway's type, which touches no HBase: it shows a gateway that is full or
    /// stopped, a wrong port and a wrong mode before any call is entrusted to it.
    fn probe(
        &self,
        connection: &mut Connection,
        name: &str,
        until: Duration,
    ) -> Result<(), ConnectError> {
        let mut kind = None;
        let asked = connection.raw_call(until, limits::HBASE_SHORT_REPLY_BYTES_MAX, &mut |rpc| {
            kind = Some(rpc.get_thrift_server_type()?);
            Ok(())
        });
        let failed = |diagnosis, source| {
            Err(ConnectError::Probe { gateway: name.to_owned(), diagnosis, source })
        };
        match asked {
            Ok(Ok(())) if kind == Some(TThriftServerType::TWO) => {
                failed(diagnosis::THRIFT2, WireError::from("it says so itself"))
            }
            Ok(Ok(())) if !connection.is_in_step() => {
                failed("it sends what nobody asked for", WireError::from("bytes after the answer"))
            }
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if is_old(&error) => Ok(()),
            Ok(Err(error)) => failed(diagnose(&error, self.mode.0), WireError::from(&error)),
            Err(Failure::Panicked | _) => failed(
                "its first answer can't be read: it is no Thrift gateway of HBase",
                WireError::from("an answer without a result"),
            ),
        }
    }
}

/// Gateways before HBase 2.3 don't know the question.
fn is_old(error: &thrift::Error) -> bool {
    matches!(error, thrift::Error::Application(error)
        if error.kind == ApplicationErrorKind::UnknownMethod)
}

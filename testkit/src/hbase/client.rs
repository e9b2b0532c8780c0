//! A Thrift client of the published crates alone, without any of ours: to see what HBase holds, and
//! to compare with. It believes its peer, as those crates do.
//!
//! A trap of theirs: `Mutation::default()` asks HBase not to write its log, so that a kill loses the
//! row although it was acknowledged. Set `write_to_w_a_l` to true.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Result;
use hbase_thrift::hbase::HbaseSyncClient;
use thrift::protocol::{
    TBinaryInputProtocol, TBinaryOutputProtocol, TCompactInputProtocol, TCompactOutputProtocol,
    TInputProtocol, TOutputProtocol,
};
use thrift::transport::{
    TBufferedReadTransport, TBufferedWriteTransport, TFramedReadTransport, TFramedWriteTransport,
    TIoChannel as _, TReadTransport, TTcpChannel, TWriteTransport,
};

use super::Gateway;

/// A client of any mode; its calls are those of `hbase_thrift::hbase::THbaseSyncClient`.
pub type RawClient = HbaseSyncClient<Box<dyn TInputProtocol>, Box<dyn TOutputProtocol>>;

/// Buffers of the benchmark that our own client is measured against.
const BUFFER: usize = 256 * 1024;

/// Connects in a gateway's mode. `patience` bounds each read and each write.
pub fn raw_client(address: SocketAddr, gateway: &Gateway, patience: Duration) -> Result<RawClient> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let (read, write) = TTcpChannel::with_stream(stream).split()?;
    let (read, write): (Box<dyn TReadTransport>, Box<dyn TWriteTransport>) = if gateway.is_framed()
    {
        let read = TFramedReadTransport::with_capacity(BUFFER, read);
        (Box::new(read), Box::new(TFramedWriteTransport::with_capacity(BUFFER, write)))
    } else {
        let read = TBufferedReadTransport::with_capacity(BUFFER, read);
        (Box::new(read), Box::new(TBufferedWriteTransport::with_capacity(BUFFER, write)))
    };
    Ok(if gateway.compact {
        HbaseSyncClient::new(
            Box::new(TCompactInputProtocol::new(read)),
            Box::new(TCompactOutputProtocol::new(write)),
        )
    } else {
        HbaseSyncClient::new(
            Box::new(TBinaryInputProtocol::new(read, true)),
            Box::new(TBinaryOutputProtocol::new(write, true)),
        )
    })
}

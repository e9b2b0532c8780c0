//! The processes that an HBase consists of.

use std::fmt;

/// One of them. Standalone, the master's process is ZooKeeper and the region server as well. They
/// stand in the order in which they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Daemon {
    /// Knows the files of HDFS.
    NameNode,
    /// Has their blocks.
    DataNode,
    /// Who is alive, and where.
    ZooKeeper,
    /// Who serves which region.
    Master,
    /// Serves regions; numbered from 0.
    RegionServer(usize),
    /// Speaks Thrift; numbered from 0.
    Gateway(usize),
}

impl Daemon {
    /// The program in HBase's jars.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::NameNode => "org.apache.hadoop.hdfs.server.namenode.NameNode",
            Self::DataNode => "org.apache.hadoop.hdfs.server.datanode.DataNode",
            Self::ZooKeeper => "org.apache.hadoop.hbase.zookeeper.HQuorumPeer",
            Self::Master => "org.apache.hadoop.hbase.master.HMaster",
            Self::RegionServer(_) => "org.apache.hadoop.hbase.regionserver.HRegionServer",
            Self::Gateway(_) => "org.apache.hadoop.hbase.thrift.ThriftServer",
        }
    }

    /// What it logs when it serves, where a port that listens says too little.
    pub(super) fn ready_line(self) -> Option<&'static str> {
        match self {
            Self::DataNode => Some("successfully registered with NN"),
            Self::Master => Some("Master has completed initialization"),
            Self::RegionServer(_) => Some("Serving as "),
            Self::NameNode | Self::ZooKeeper | Self::Gateway(_) => None,
        }
    }

    /// Whether it is a part of HDFS, which starts without a word.
    pub(super) fn is_of_hdfs(self) -> bool {
        matches!(self, Self::NameNode | Self::DataNode)
    }
}

impl fmt::Display for Daemon {
    /// The name of its files.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameNode => f.write_str("namenode"),
            Self::DataNode => f.write_str("datanode"),
            Self::ZooKeeper => f.write_str("zookeeper"),
            Self::Master => f.write_str("master"),
            Self::RegionServer(number) => write!(f, "regionserver-{number}"),
            Self::Gateway(number) => write!(f, "gateway-{number}"),
        }
    }
}

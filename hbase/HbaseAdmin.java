// Runs statements of the HBase shell's language through HBase's own Admin: the shell itself needs
// JRuby. Reads one statement a line; answers with lines of "| text", then "ok" or "error ...".

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.NamespaceDescriptor;
import org.apache.hadoop.hbase.ServerName;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.Admin;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptor;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptorBuilder;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.client.Get;
import org.apache.hadoop.hbase.client.Put;
import org.apache.hadoop.hbase.client.Result;
import org.apache.hadoop.hbase.client.Scan;
import org.apache.hadoop.hbase.client.Table;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.filter.FirstKeyOnlyFilter;
import org.apache.hadoop.hbase.io.compress.Compression;
import org.apache.hadoop.hbase.regionserver.BloomType;
import org.apache.hadoop.hbase.util.Bytes;

public class HbaseAdmin {
    private static final Set<String> FAMILY_KEYS = Set.of("VERSIONS", "MIN_VERSIONS", "BLOCKSIZE",
            "BLOCKCACHE", "IN_MEMORY", "DATA_BLOCK_ENCODING", "KEEP_DELETED_CELLS", "IS_MOB",
            "MOB_THRESHOLD", "REPLICATION_SCOPE", "CACHE_DATA_ON_WRITE", "PREFETCH_BLOCKS_ON_OPEN");

    private final Connection connection;
    private final Admin admin;
    private Connection impatient;

    private HbaseAdmin(Connection connection) throws Exception {
        this.connection = connection;
        this.admin = connection.getAdmin();
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        try (Connection connection = ConnectionFactory.createConnection(HBaseConfiguration.create())) {
            HbaseAdmin shell = new HbaseAdmin(connection);
            String line;
            while ((line = in.readLine()) != null) {
                try {
                    shell.run(new Statement(line));
                    System.out.println("ok");
                } catch (Exception error) {
                    System.out.println("error " + error.toString().lines().findFirst().orElse(""));
                }
                System.out.flush();
            }
        }
    }

    private static void say(Object text) {
        System.out.println("| " + text);
    }

    private void run(Statement s) throws Exception {
        switch (s.verb) {
            case "create": create(s); break;
            case "alter": alter(s); break;
            case "create_namespace": admin.createNamespace(NamespaceDescriptor.create(s.text(0)).build()); break;
            case "drop_namespace": admin.deleteNamespace(s.text(0)); break;
            case "disable": admin.disableTable(s.table()); break;
            case "enable": admin.enableTable(s.table()); break;
            case "drop": admin.deleteTable(s.table()); break;
            case "list": for (TableName name : admin.listTableNames()) say(name); break;
            case "describe":
                for (ColumnFamilyDescriptor f : admin.getDescriptor(s.table()).getColumnFamilies()) say(f);
                break;
            case "flush": admin.flush(s.table()); break;
            case "major_compact": admin.majorCompact(s.table()); break;
            case "balance_switch": admin.balancerSwitch(s.text(0).equals("true"), true); break;
            case "servers": for (ServerName name : admin.getRegionServers()) say(name); break;
            case "regions": regions(s); break;
            case "split": admin.split(s.table(), s.bytes(1)); break;
            case "move":
                if (s.arguments.size() < 2) admin.move(s.bytes(0));
                else admin.move(s.bytes(0), ServerName.valueOf(s.text(1)));
                break;
            case "put": put(s); break;
            case "get": get(s); break;
            case "count": count(s); break;
            case "probe": probe(); break;
            default: throw new IllegalArgumentException("no statement " + s.verb);
        }
    }

    @SuppressWarnings("unchecked")
    private void create(Statement s) throws Exception {
        TableDescriptorBuilder table = TableDescriptorBuilder.newBuilder(s.table());
        List<byte[]> splits = new ArrayList<>();
        for (Object argument : s.arguments.subList(1, s.arguments.size())) {
            if (!(argument instanceof Map)) {
                table.setColumnFamily(ColumnFamilyDescriptorBuilder.of((String) argument));
                continue;
            }
            Map<String, Object> map = (Map<String, Object>) argument;
            Object keys = map.remove("SPLITS");
            if (keys != null) {
                for (Object key : (List<Object>) keys) splits.add(Bytes.toBytesBinary((String) key));
            }
            if (!map.isEmpty()) table.setColumnFamily(family(map));
        }
        if (splits.isEmpty()) admin.createTable(table.build());
        else admin.createTable(table.build(), splits.toArray(new byte[0][]));
    }

    @SuppressWarnings("unchecked")
    private void alter(Statement s) throws Exception {
        for (Object argument : s.arguments.subList(1, s.arguments.size())) {
            Map<String, Object> map = (Map<String, Object>) argument;
            byte[] name = Bytes.toBytes((String) map.get("NAME"));
            ColumnFamilyDescriptor old = admin.getDescriptor(s.table()).getColumnFamily(name);
            if (old == null) admin.addColumnFamily(s.table(), family(map));
            else admin.modifyColumnFamily(s.table(), fill(ColumnFamilyDescriptorBuilder.newBuilder(old), map));
        }
    }

    private static ColumnFamilyDescriptor family(Map<String, Object> map) throws Exception {
        byte[] name = Bytes.toBytes((String) map.get("NAME"));
        return fill(ColumnFamilyDescriptorBuilder.newBuilder(name), map);
    }

    private static ColumnFamilyDescriptor fill(ColumnFamilyDescriptorBuilder family, Map<String, Object> map)
            throws Exception {
        for (Map.Entry<String, Object> entry : map.entrySet()) {
            String value = String.valueOf(entry.getValue());
            switch (entry.getKey()) {
                case "NAME": break;
                case "COMPRESSION": family.setCompressionType(Compression.Algorithm.valueOf(value)); break;
                case "BLOOMFILTER": family.setBloomFilterType(BloomType.valueOf(value)); break;
                case "TTL": family.setTimeToLive(value); break;
                default:
                    if (!FAMILY_KEYS.contains(entry.getKey()))
                        throw new IllegalArgumentException("no setting " + entry.getKey());
                    family.setValue(entry.getKey(), value);
            }
        }
        return family.build();
    }

    private void regions(Statement s) throws Exception {
        try (var locator = connection.getRegionLocator(s.table())) {
            for (var place : locator.getAllRegionLocations()) {
                String start = Bytes.toStringBinary(place.getRegion().getStartKey());
                say(place.getRegion().getEncodedName() + " '" + start + "' " + place.getServerName());
            }
        }
    }

    private void put(Statement s) throws Exception {
        String[] column = s.text(2).split(":", 2);
        Put put = new Put(s.bytes(1));
        put.addColumn(Bytes.toBytes(column[0]), Bytes.toBytes(column[1]), s.bytes(3));
        try (Table table = connection.getTable(s.table())) {
            table.put(put);
        }
    }

    private void get(Statement s) throws Exception {
        try (Table table = connection.getTable(s.table())) {
            Result row = table.get(new Get(s.bytes(1)));
            for (var cell : row.rawCells()) {
                String family = Bytes.toString(cell.getFamilyArray(), cell.getFamilyOffset(), cell.getFamilyLength());
                String name = Bytes.toStringBinary(cell.getQualifierArray(), cell.getQualifierOffset(), cell.getQualifierLength());
                String value = Bytes.toStringBinary(cell.getValueArray(), cell.getValueOffset(), cell.getValueLength());
                say(family + ":" + name + " " + cell.getTimestamp() + " " + value);
            }
        }
    }

    private void count(Statement s) throws Exception {
        long rows = 0;
        try (Table table = connection.getTable(s.table());
                var scanner = table.getScanner(new Scan().setFilter(new FirstKeyOnlyFilter()))) {
            while (scanner.next() != null) rows++;
        }
        say(rows);
    }

    /** Asks each region of each table for a row; refused at once while one of them is not served. */
    private void probe() throws Exception {
        if (impatient == null) {
            Configuration settings = HBaseConfiguration.create();
            settings.setInt("hbase.client.retries.number", 0);
            for (String time : List.of("hbase.rpc.timeout", "hbase.client.operation.timeout",
                    "hbase.client.meta.operation.timeout")) {
                settings.setInt(time, 2000);
            }
            impatient = ConnectionFactory.createConnection(settings);
        }
        int regions = 0;
        try (Admin admin = impatient.getAdmin()) {
            for (TableName name : admin.listTableNames()) {
                try (var locator = impatient.getRegionLocator(name); Table table = impatient.getTable(name)) {
                    for (var place : locator.getAllRegionLocations()) {
                        byte[] start = place.getRegion().getStartKey();
                        table.exists(new Get(start.length == 0 ? new byte[1] : start));
                        regions++;
                    }
                }
            }
        }
        say(regions);
    }

    /** A verb and its arguments: strings, lists, and maps for `{K => v}` and a bare `K => v`. */
    private static final class Statement {
        final String verb;
        final List<Object> arguments = new ArrayList<>();
        private final String line;
        private int at;

        Statement(String line) {
            this.line = line;
            this.verb = word();
            while (!atEnd()) {
                Object value = value();
                if (take("=>")) {
                    Map<String, Object> map = new LinkedHashMap<>();
                    map.put((String) value, value());
                    value = map;
                }
                arguments.add(value);
                if (!take(",") && !atEnd()) throw wrong();
            }
        }

        String text(int index) {
            if (index >= arguments.size()) throw new IllegalArgumentException(verb + " needs more");
            return (String) arguments.get(index);
        }

        byte[] bytes(int index) {
            return Bytes.toBytesBinary(text(index));
        }

        TableName table() {
            return TableName.valueOf(text(0));
        }

        private Object value() {
            if (take("{")) return map();
            if (take("[")) return list();
            char quote = atEnd() ? ' ' : line.charAt(at);
            if (quote != '\'' && quote != '"') return word();
            int end = line.indexOf(quote, at + 1);
            if (end < 0) throw wrong();
            String text = line.substring(at + 1, end);
            at = end + 1;
            return text;
        }

        private Map<String, Object> map() {
            Map<String, Object> map = new LinkedHashMap<>();
            while (!take("}")) {
                String key = (String) value();
                if (!take("=>")) throw wrong();
                map.put(key, value());
                take(",");
            }
            return map;
        }

        private List<Object> list() {
            List<Object> list = new ArrayList<>();
            while (!take("]")) {
                list.add(value());
                take(",");
            }
            return list;
        }

        private String word() {
            atEnd();
            int start = at;
            while (at < line.length() && (Character.isLetterOrDigit(line.charAt(at)) || line.charAt(at) == '_')) at++;
            if (start == at) throw wrong();
            return line.substring(start, at);
        }

        private boolean take(String token) {
            if (atEnd() || !line.startsWith(token, at)) return false;
            at += token.length();
            return true;
        }

        private boolean atEnd() {
            while (at < line.length() && Character.isWhitespace(line.charAt(at))) at++;
            return at == line.length();
        }

        private IllegalArgumentException wrong() {
            return new IllegalArgumentException("can't read the statement at character " + (at + 1));
        }
    }
}

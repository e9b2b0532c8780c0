"""Reads crashes from the store's tables with happybase alone, as anybody could who knows their shape.

Arguments: the gateway's port, the tables' prefix, and crash ids. Prints one JSON object by id.
"""

import hashlib
import json
import sys
import zlib

import happybase
import zstandard


def whole(row, column, blob):
    """The bytes of a value that lies in chunks, checked against its manifest."""
    value = b""
    for number, chunk in enumerate(blob["chunks"]):
        cell = row[b"%s#%d.%s" % (column, number, chunk["hash"].encode())]
        assert len(cell) == chunk["stored"], column
        if chunk["codec"] == "zstd":
            cell = zstandard.ZstdDecompressor().decompress(cell, max_output_size=chunk["length"])
        assert zlib.crc32(cell) == chunk["crc32"], column
        value += cell
        # A chunk is named by all bytes up to its end.
        assert hashlib.sha256(value).hexdigest().startswith(chunk["hash"]), column
    assert len(value) == blob["length"], column
    assert hashlib.sha256(value).hexdigest() == blob["sha256"], column
    return value


def raw(row):
    """The document of a raw crash and its dumps."""
    manifest = json.loads(row[b"meta_data:manifest"])
    if "json" in manifest:
        document = whole(row, b"meta_data:json", manifest["json"])
    else:
        document = row[b"meta_data:json"]
    dumps = {}
    for dump in manifest["dumps"]:
        value = whole(row, b"raw_data:" + dump["name"].encode(), dump)
        dumps[dump["name"]] = [len(value), hashlib.sha256(value).hexdigest()]
    return json.loads(document), dumps


def processed(row):
    """The processed document, if there is one."""
    manifest = row.get(b"processed_data:manifest")
    if manifest is None:
        return None
    document = json.loads(manifest)["document"]
    return json.loads(whole(row, b"processed_data:json", document))


def indexed(connection, table, crash_id):
    """Keys of an index by time whose rows name a crash, found by its salt."""
    salt = crash_id[0].encode()
    rows = connection.table(table).scan(row_prefix=salt, columns=[b"ids:ooid"])
    return [key.decode() for key, row in rows if row[b"ids:ooid"] == crash_id.encode()]


def crash(connection, crash_id):
    key = (crash_id[0] + crash_id[-6:] + crash_id).encode()
    row = connection.table("crash_reports").row(key)
    document, dumps = raw(row)
    small = {name: row[name.encode()].decode() for name in ("flags:processed", "ids:ooid", "timestamps:submitted")}
    hang = document.get("HangID")
    hangs = connection.table("crash_reports_index_hang_id").row(hang.encode()) if hang else {}
    return {
        "document": document,
        "dumps": dumps,
        "cells": small,
        "processed": processed(row),
        "signature": row.get(b"processed_data:signature", b"").decode(),
        "submitted": indexed(connection, "crash_reports_index_submitted_time", crash_id),
        "unprocessed": indexed(connection, "crash_reports_index_unprocessed_flag", crash_id),
        "hangs": sorted(value.decode() for value in hangs.values()),
    }


def main():
    port, prefix, *crash_ids = sys.argv[1:]
    # The prefix ends with the separator that happybase would add.
    connection = happybase.Connection(
        "127.0.0.1", int(port), timeout=60_000, table_prefix=prefix, table_prefix_separator=""
    )
    print(json.dumps({crash_id: crash(connection, crash_id) for crash_id in crash_ids}))


main()

"""The fixed words of the feeds: levels, states, units, keys, and what a service may complain of."""

from collections.abc import Mapping

# Of each pair training draws from the first, evaluation from both.
Choices = tuple[tuple[str, ...], tuple[str, ...]]

STATES = ("up", "down", "slow", "busy")
STATE_SETS = (
    STATES,
    ("healthy", "unhealthy", "degraded"),
    ("idle", "running", "paused", "stopped"),
    ("ready", "starting", "stopping", "draining"),
    ("online", "offline", "standby"),
    ("active", "inactive", "waiting"),
)
KEPT_STATE_SETS = (
    ("green", "yellow", "red"),
    ("live", "frozen", "booting", "halted"),
)
LEVELS = (("INFO", "WARN", "ERROR"), ("info", "warn", "error"), ("INFO", "WARNING", "ERROR"))
KEPT_LEVELS = (("Info", "Warn", "Error"),)
SIDES = (("BUY", "SELL"), ("buy", "sell"), ("Buy", "Sell"))
KEPT_SIDES = (("BID", "ASK"),)
NOTES = ("corr", "correction", "amended", "revised")
KEPT_NOTES = ("fixed",)

# What a sensor measures: the noun of its questions, its units, where it starts, its decimals.
QUANTITIES: tuple[tuple[str, tuple[str, ...], tuple[float, float], tuple[int, ...]], ...] = (
    ("temperature", ("C", "F", "K"), (-5, 90), (0, 1, 2)),
    ("humidity", ("%", "pct"), (20, 90), (0, 1)),
    ("voltage", ("V", "mV"), (1, 240), (1, 2, 3)),
    ("speed", ("rpm", "kmh"), (100, 6000), (0, 1)),
    ("level", ("ppm", "mm"), (10, 2000), (0, 1)),
    ("pressure", ("bar", "hPa", "kPa"), (1, 1100), (1, 2)),
    ("power", ("W", "kW"), (1, 5000), (0, 1, 2)),
)
NOUNS = tuple(quantity for quantity, *_ in QUANTITIES)

KEYS: Mapping[str, Choices] = {
    "time": (("time", "ts", "t", "timestamp", "at"), ("when", "event_time")),
    "symbol": (("symbol", "sym", "ticker", "s", "name"), ("instrument", "ticker_symbol")),
    "sensor": (("sensor", "id", "name", "device", "src"), ("probe", "sensor_id")),
    "service": (("service", "svc", "app", "name", "unit"), ("component", "service_name")),
    "path": (("path", "url", "uri", "route"), ("endpoint", "request_path")),
    "price": (("price", "px", "last", "p", "trade_price"), ("last_price", "quote")),
    "value": (("value", "val", "reading", "v", "x"), ("measure", "last_value")),
    "size": (("size", "qty", "volume", "amount", "q"), ("quantity_traded", "last_size")),
    "side": (("side", "action", "type"), ("direction",)),
    "open": (("open", "o"), ("open_price",)),
    "high": (("high", "h"), ("high_price",)),
    "low": (("low", "l"), ("low_price",)),
    "close": (("close", "c"), ("close_price",)),
    "volume": (("volume", "vol", "v"), ("total_volume",)),
    "unit": (("unit", "units", "u"), ("in",)),
    "host": (("host", "node", "machine"), ("hostname", "server")),
    "pid": (("pid", "process"), ("process_id",)),
    "level": (("level", "lvl", "severity", "sev"), ("log_level", "kind")),
    "state": (("state", "now", "condition"), ("current_state", "mode")),
    "message": (("msg", "message", "text", "error"), ("detail", "error_message")),
    "client": (("client", "ip", "remote", "addr"), ("from", "remote_addr")),
    "method": (("method", "verb"), ("request_method",)),
    "status": (("status", "code", "status_code"), ("response", "http_status")),
    "bytes": (("bytes", "len", "sent"), ("bytes_sent",)),
    "note": (("note", "flag", "remark"), ("comment",)),
}

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
STATUSES = ("200", "200", "200", "201", "204", "301", "304", "400", "401", "403", "404", "429")
FAILURES = ("500", "502", "503", "504")

WARNINGS = (
    "retry", "lagging", "restart", "backoff", "slow query", "high latency", "queue growing",
    "memory pressure", "clock skew", "cache miss", "retrying request", "low space",
)  # fmt: skip
CHATTER = (
    "request done", "job started", "job finished", "cache refreshed", "config loaded",
    "user logged in", "connection opened", "connection closed", "batch written", "tick",
    "checkpoint saved", "listening", "request accepted", "snapshot taken", "index rebuilt",
)  # fmt: skip
ONE_WORD = (
    "timeout", "refused", "overflow", "deadlock", "corrupt", "denied", "expired", "panic",
    "crash", "leak", "reset", "unreachable", "missing", "invalid", "throttled", "full",
)  # fmt: skip
MESSAGES = (
    *ONE_WORD,
    "connection refused", "connection reset", "connection lost", "disk full", "disk failure",
    "out of memory", "access denied", "permission denied", "no such file", "file not found",
    "bad request", "bad gateway", "broken pipe", "read timeout", "write timeout",
    "request timeout", "gateway timeout", "host unreachable", "network unreachable",
    "name not resolved", "certificate expired", "invalid token", "token expired",
    "invalid signature", "checksum mismatch", "schema mismatch", "version conflict",
    "lock timeout", "deadlock detected", "duplicate key", "missing key", "missing field",
    "null pointer", "stack overflow", "buffer overflow", "queue full", "queue overflow",
    "rate limited", "quota exceeded", "limit exceeded", "too many requests",
    "too many connections", "too many open files", "segmentation fault", "unexpected end",
    "parse error", "syntax error", "invalid argument", "division by zero", "index out of range",
    "service unavailable", "upstream failed", "replica lost", "leader lost", "write failed",
    "read failed", "login failed", "payment declined", "backup failed", "sync failed",
    "health check failed", "handshake failed", "transaction aborted", "stale read",
)  # fmt: skip
KEPT_MESSAGES = (
    "socket hung", "bus glitch", "watchdog bite", "kernel oops", "partition skewed",
    "heap exhausted", "cursor vanished", "ledger unbalanced", "thread starved", "wrong password",
    "oom", "brownout", "overheated", "jammed", "split brain", "unknown peer",
)  # fmt: skip

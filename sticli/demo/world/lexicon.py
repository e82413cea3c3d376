"""The fixed words of the feeds: levels, states, units, keys, and what a service may complain of."""

from collections.abc import Mapping

# Of each three training draws from the first two, evaluation from all: words that are tokens, words
# that are mostly spelled in pairs of letters, as any that nobody has listed, and words kept out.
Choices = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]

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
SPELLED_LEVELS = (
    ("Notice", "Caution", "Failure"), ("I", "W", "E"), ("inf", "wrn", "err"),
    ("NOTE", "ALERT", "FATAL"), ("Debug", "Alert", "Critical"), ("fine", "hint", "fault"),
    ("Info", "Warn", "Error"), ("INF", "WRN", "ERR"), ("verbose", "warning", "severe"),
    ("TRACE", "Warning", "SEVERE"), ("dbg", "attn", "crit"), ("Trace", "CAUTION", "FAILURE"),
)  # fmt: skip
# Nobody can guess which new word means an error: the last of these are trained, beside others.
KEPT_LEVELS = (("Detail", "Odd", "Error"), ("okay", "watch", "error"), ("PLAIN", "RISK", "FATAL"))
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
    "time": (
        ("time", "ts", "t", "timestamp", "at"),
        ("clock", "stamp", "dt", "logged", "created_at"), ("when", "event_time"),
    ),
    "symbol": (
        ("symbol", "sym", "ticker", "s", "name"),
        ("asset", "security", "pair", "market", "product"), ("instrument", "ticker_symbol"),
    ),
    "sensor": (
        ("sensor", "id", "name", "device", "src"),
        ("tag", "point", "channel", "meter", "station"), ("probe", "sensor_id"),
    ),
    "service": (
        ("service", "svc", "app", "name", "unit"),
        ("program", "daemon", "module", "logger", "source"), ("component", "service_name"),
    ),
    "path": (
        ("path", "url", "uri", "route"),
        ("resource", "target", "location", "page"), ("endpoint", "request_path"),
    ),
    "price": (
        ("price", "px", "last", "p", "trade_price"),
        ("rate", "mark", "deal", "cost", "px_last"), ("last_price", "quote"),
    ),
    "value": (
        ("value", "val", "reading", "v", "x"),
        ("result", "data", "sample", "num", "metric"), ("measure", "last_value"),
    ),
    "size": (
        ("size", "qty", "volume", "amount", "q"),
        ("lots", "shares", "filled", "contracts"), ("quantity_traded", "last_size"),
    ),
    "side": (("side", "action", "type"), ("taker", "way", "bs"), ("direction",)),
    "open": (("open", "o"), ("opening", "open_px"), ("open_price",)),
    "high": (("high", "h"), ("highest", "max_px"), ("high_price",)),
    "low": (("low", "l"), ("lowest", "min_px"), ("low_price",)),
    "close": (("close", "c"), ("closing", "close_px"), ("close_price",)),
    "volume": (("volume", "vol", "v"), ("turnover", "traded", "base_volume"), ("total_volume",)),
    "unit": (("unit", "units", "u"), ("uom", "measured_in", "scale"), ("in",)),
    "host": (("host", "node", "machine"), ("box", "vm", "pod"), ("hostname", "server")),
    "pid": (("pid", "process"), ("proc", "thread", "tid"), ("process_id",)),
    "level": (
        ("level", "lvl", "severity", "sev"), ("priority", "rank", "importance"),
        ("log_level", "kind"),
    ),
    "state": (
        ("state", "now", "condition"), ("phase", "health", "became", "new_state"),
        ("current_state", "mode"),
    ),
    "message": (
        ("msg", "message", "text"), ("reason", "body", "what", "description"),
        ("detail", "log_message"),
    ),
    "client": (
        ("client", "ip", "remote", "addr"), ("peer", "visitor", "caller"), ("from", "remote_addr"),
    ),
    "method": (("method", "verb"), ("op", "http_method", "request"), ("request_method",)),
    "status": (
        ("status", "code", "status_code"), ("rc", "http_code", "answer"),
        ("response", "http_status"),
    ),
    "bytes": (("bytes", "len", "sent"), ("octets", "body_bytes", "count"), ("bytes_sent",)),
    "note": (("note", "flag", "remark"), ("info", "marker", "extra"), ("comment",)),
}  # fmt: skip

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
    "user logged in", "connection opened", "connection closed", "batch written", "tick done",
    "checkpoint saved", "listening started", "request accepted", "snapshot taken", "index rebuilt",
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

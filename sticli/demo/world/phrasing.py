"""The grammar of questions: alternatives in brackets, the feed's words as <noun>, {name} of whom.

Every text of a pattern is one way to ask its kind; the first of a kind holds its canonical way.
"""

from collections.abc import Mapping

Words = Mapping[str, tuple[str, ...]]  # what a feed calls its things

TICKS: Words = {
    "noun": ("price", "price", "quote", "value"), "told": ("price", "price", "quote", "value"),
    "subject": ("symbol", "ticker", "name"),
    "thing": ("trade", "tick"), "things": ("trades", "ticks"),
    "trade": ("trade",), "traded": ("traded",), "size": ("size", "quantity", "volume", "amount"),
}  # fmt: skip
CANDLES: Words = {
    **TICKS,
    "told": ("price", "close", "closing price", "value"),  # a high is not that of the closes
    "thing": ("candle", "bar"), "things": ("candles", "bars"),
}  # fmt: skip
ORDERS: Words = {
    **TICKS, "thing": ("order", "trade"), "things": ("orders", "trades"),
}  # fmt: skip
SENSORS: Words = {
    "noun": ("value", "reading", "measurement"), "told": ("value", "reading", "measurement"),
    "subject": ("sensor", "device"),
    "thing": ("reading", "report"), "things": ("readings", "reports", "values"),
    "trade": ("report",), "traded": ("reported",),
}  # fmt: skip
LOGS: Words = {"subject": ("service",)}
ACCESS: Words = {
    "subject": ("path", "page"), "thing": ("request",), "things": ("requests", "hits"),
    "trade": ("get a request",), "traded": ("got a request",),
}  # fmt: skip

_ASK = "(|what is |what was |tell me |show me |give me )(|the )"
_LAST = "(last|latest|current|most recent|newest)"
_OF = "(of|for)"
_NOW = "(| now| right now| at the moment)"
_EVER = "(| so far| since the start| overall| in all)"
_SINCE = "(| since the start| since the beginning| so far| overall| in all)"
_HIGH = "(highest|maximum|max|top|peak|largest)"
_LOW = "(lowest|minimum|min|bottom|smallest)"
_OVER = "(over|in|during|within) the (last|past|latest)"
_RECENT = "(last|latest|most recent|newest)"

PATTERNS: Mapping[str, tuple[str, ...]] = {
    "last_value": (
        _ASK + "(last |latest |current |most recent |newest |)<told> " + _OF + " {name}" + _NOW,
        "{name} (last |latest |current |most recent |newest |)<told>" + _NOW,
        "(what|which) <told> (does|did) {name} (have|show|have last|show last)" + _NOW,
    ),
    "previous_value": (
        _ASK + "(previous|second last|second latest) <told> " + _OF + " {name}",
        _ASK + "<told> " + _OF + " {name} before the (last|latest|most recent|current)(| one)",
        _ASK + "<told> before the (last|latest|most recent|current)(| one) " + _OF + " {name}",
        "{name} (previous|second last|second latest) <told>",
    ),
    "first_value": (
        _ASK + "(first|opening|initial|earliest|starting) <noun> " + _OF + " {name}",
        "{name} (first|opening|initial|earliest|starting) <noun>",
        "(where|at what <noun>|at which <noun>) did {name} (start|begin|open)",
        "(what|which) <noun> did {name} (start|begin|open) (with|at)",
    ),
    "high": (
        _ASK + _HIGH + " <noun> " + _OF + " {name}" + _EVER,
        "how high (has {name} been|did {name} go|has {name} gone|was {name})" + _EVER,
        "{name} " + _HIGH + " <noun>" + _EVER,
        "(what|which) is the " + _HIGH + " {name} (has been|got|went)" + _EVER,
    ),
    "low": (
        _ASK + _LOW + " <noun> " + _OF + " {name}" + _EVER,
        "how low (has {name} been|did {name} go|has {name} gone|was {name})" + _EVER,
        "{name} " + _LOW + " <noun>" + _EVER,
        "(what|which) is the " + _LOW + " {name} (has been|got|went)" + _EVER,
    ),
    "high_k": (
        _ASK + _HIGH + " <noun> " + _OF + " {name} " + _OVER + " {k} <things>",
        "{name} " + _HIGH + " <noun> " + _OVER + " {k} <things>",
        "how high (has {name} been|did {name} go|was {name}) " + _OVER + " {k} <things>",
    ),
    "low_k": (
        _ASK + _LOW + " <noun> " + _OF + " {name} " + _OVER + " {k} <things>",
        "{name} " + _LOW + " <noun> " + _OVER + " {k} <things>",
        "how low (has {name} been|did {name} go|was {name}) " + _OVER + " {k} <things>",
    ),
    "trend": (
        "(is|was|has) {name} (up or down|higher or lower|rising or falling)" + _SINCE,
        "has {name} (gone|moved|been) (up or down|higher or lower)" + _SINCE,
        "did {name} (go|move) (up or down|higher or lower)" + _SINCE,
        "which way (did {name} go|did {name} move|has {name} gone|has {name} moved)" + _SINCE,
        _ASK + "(trend|direction) " + _OF + " {name}" + _SINCE,
    ),
    "is_up": (
        "is {name} (up|higher)" + _SINCE,
        "has {name} (gone up|moved up|risen|gained)" + _SINCE,
        "did {name} (go up|move up|rise|gain)" + _SINCE,
        "is {name} (up|higher|above)(| now) (from|than) the (start|beginning|first <noun>)",
    ),
    "above": (
        "(has|had) {name}(| ever) (been|gone|risen|moved) (above|over|past) {value}" + _EVER,
        "did {name}(| ever) (go|get|rise|move) (above|over|past) {value}" + _EVER,
        "was {name}(| ever) (above|over|higher than) {value}" + _EVER,
    ),
    "count": (
        "how many <things> (of|for|from|by)(| the <subject>) {name}" + _SINCE,
        "how many <things> (did {name} have|did {name} show|has {name} had|has {name} made)"
        + _SINCE,
        "how (often|many times) did {name} <trade>" + _SINCE,
        _ASK + "(number|count) of <things> (of|for|from|by) {name}" + _SINCE,
    ),
    "value_time": (
        "when did {name} (last|most recently) <trade>",
        "when did {name} <trade> (last|most recently)",
        "at (what|which) time did {name} (last|most recently) <trade>",
        "when was the " + _RECENT + " <thing> (of|for|from|by) {name}",
        _ASK + "time of the " + _RECENT + " <thing> (of|for|from|by) {name}",
    ),
    "last_name": (
        "(which|what) <subject> <traded> (last|most recently)" + _NOW,
        "(which|what) <subject> (was|is)(| the) " + _RECENT + "(| one)" + _NOW,
        "(which|what) <subject> came (last|most recently)" + _NOW,
        _ASK + _RECENT + " <subject>(| <traded>| to <trade>| that <traded>)" + _NOW,
        "(what|who) <traded> (last|most recently)" + _NOW,
        "(which|what|who) was the " + _RECENT + " to <trade>" + _NOW,
    ),
    "moved_most": (
        "(which|what) <subject> (moved|changed)(| the) most" + _SINCE,
        "(which|what) <subject> (has|had|made|has made) the (biggest|largest|greatest) "
        "(move|change)" + _SINCE,
        _ASK + "(biggest|largest|greatest) mover" + _SINCE,
        _ASK + "<subject> (with|that made|that had) the (biggest|largest|greatest) (move|change)"
        + _SINCE,
    ),
    "seen": (
        "did {name} <trade>(| at all| yet| ever)" + _EVER,
        "has {name} <traded>(| at all| yet)" + _EVER,
        "(is|was) there (a|any) <thing> (of|for|from|by) {name}(| at all| yet)" + _EVER,
        "(have you seen|was there|is there)(| a| any) <subject> {name}(| at all| yet)" + _EVER,
    ),
    "last_size": (
        _ASK + _LAST + " <size> " + _OF + " {name}" + _NOW,
        _ASK + "<size> of the " + _LAST + " <thing> (of|for|by) {name}" + _NOW,
        "{name} " + _LAST + " <size>" + _NOW,
    ),
    "last_side": (
        _ASK + _LAST + " side " + _OF + " {name}" + _NOW,
        _ASK + "side of the " + _LAST + " <thing> (of|for|by) {name}" + _NOW,
        "{name} " + _LAST + " side" + _NOW,
        "(which|what) side (was|is) the " + _LAST + " <thing> (of|for|by) {name}",
    ),
    "last_error": (
        _ASK + "(last|latest|most recent|newest) error(| message| so far)" + _NOW,
        "(which|what) error (was|is)(| the) " + _RECENT + "(| one)" + _NOW,
        "(which|what) error (came|happened|was logged) (last|most recently)" + _NOW,
    ),
    "error_service": (
        "(which|what) <subject> failed (last|most recently)" + _NOW,
        "(which|what) <subject> (had|has|reported|logged) the " + _RECENT + " error" + _NOW,
        _ASK + "<subject> (of|with|behind) the " + _RECENT + " error" + _NOW,
        "who (had|has|reported|logged) the " + _RECENT + " error" + _NOW,
        "who failed (last|most recently)" + _NOW,
        _ASK + _RECENT + " <subject> (with an error|to fail|that failed)" + _NOW,
    ),
    "error_time": (
        "when (was|is) the " + _RECENT + " error" + _NOW,
        "when did the " + _RECENT + " error (come|happen)",
        "when did (a|any) <subject> (last fail|fail last)",
        "at (what|which) time (was|came|happened|is) the " + _RECENT + " error",
        _ASK + "time of the " + _RECENT + " error" + _NOW,
    ),
    "error_of": (
        _ASK + _RECENT + " error(| message) (of|from|by|in|for) {name}" + _NOW,
        "(which|what) error did {name} (have|report|log) (last|most recently)",
        "(why|how) did {name} (last fail|fail last|most recently fail)",
        "{name} " + _RECENT + " error(| message)" + _NOW,
    ),
    "service_state": (
        _ASK + "(|last |latest |current |most recent |newest )(state|condition) " + _OF
        + " {name}" + _NOW,
        "{name} (|last |latest |current |most recent |newest )(state|condition)" + _NOW,
        "how is {name}(| doing)" + _NOW,
        "(what|which) (state|condition) is {name} in" + _NOW,
        "in (what|which) (state|condition) is {name}" + _NOW,
    ),
    "is_state": (
        "is(| the <subject>| <subject>) {name}(| still| in state| in the state) {value}" + _NOW,
        "is the (state|condition) " + _OF + " {name}(| still) {value}" + _NOW,
    ),
    "has_failed": (
        "(has {name} failed|did {name} fail|did {name} ever fail)(| yet| at all)" + _EVER,
        "(has {name} had|did {name} have|did {name} log|has {name} logged) (an|any) error" + _EVER,
        "(is|was) there (an|any) error (of|from|by|in|for) {name}(| yet| at all)" + _EVER,
    ),
    "count_errors": (
        "how many errors(| are there| were there| have there been| in total)" + _SINCE,
        _ASK + "(number|count|total) of errors" + _SINCE,
        "how (often|many times) did (a|any) <subject> fail" + _SINCE,
    ),
    "count_errors_of": (
        "how many errors (of|from|by|in|for) {name}" + _SINCE,
        "how many errors did {name} (have|log|report)" + _SINCE,
        "how (often|many times) (did {name} fail|has {name} failed)" + _SINCE,
        _ASK + "(number|count|total) of errors (of|from|by|in|for) {name}" + _SINCE,
    ),
    "last_status": (
        _ASK + "(|last |latest |current |most recent |newest )(status|code|status code) " + _OF
        + " {name}" + _NOW,
        "{name} (|last |latest |current |most recent |newest )(status|code|status code)" + _NOW,
        "(what|which) (status|code|status code) did {name} (last get|get last|have last)",
    ),
    "last_failed": (
        "(which|what) <subject> failed (last|most recently)" + _NOW,
        _ASK + _RECENT + " <subject> (to fail|that failed|with a failure)" + _NOW,
        "(which|what) <subject> had the " + _RECENT + " (failure|failed request)" + _NOW,
        _ASK + "<subject> (of|with|behind) the " + _RECENT + " (failure|failed request)" + _NOW,
    ),
    "count_failed": (
        "how many (requests|hits) (failed|have failed)" + _SINCE,
        "how many (failed requests|failures)(| are there| were there| have there been)" + _SINCE,
        _ASK + "(number|count|total) of (failed requests|failures)" + _SINCE,
        "how (often|many times) did (a|any) request fail" + _SINCE,
    ),
}  # fmt: skip

CANONICAL = frozenset({
    "last price of {name}", "last value of {name}", "last reading of {name}",
    "which symbol traded last", "which sensor reported last", "last error",
    "which service failed last", "state of {name}", "previous price of {name}",
    "highest price of {name}", "lowest price of {name}", "is {name} up or down",
})  # fmt: skip

"""Standing questions at work: all that are due start together, take a part of the cells, give way.

An answer is for the newest lines: what gave way begins again with those.
"""

from collections.abc import Callable

from sticli.daemon import messages
from sticli.daemon.engines.base import Scores, Vocabulary
from sticli.daemon.worker import replies
from sticli.daemon.worker.flash import Flash, Standing
from sticli.daemon.worker.guide import Guide, Guides
from sticli.daemon.worker.point import Point
from sticli.daemon.worker.question import Question
from sticli.daemon.worker.ready import Reading, Ready, read
from sticli.daemon.worker.running import Running
from sticli.daemon.worker.sessions import Session
from sticli.errors import SticliError

PART = 1 / 2  # of the cells that lines leave free: more only for a question that is alone
SOURCES = ("ready", "flash")  # in the order in which they give way


class Evaluation:
    """Starts standing questions where nobody asks, and reads what decisions come to."""

    def __init__(
        self,
        flash: Flash,
        running: Running,
        ready: Ready,
        guides: Guides,
        vocabulary: Vocabulary,
        skip: Callable[[Session, str, SticliError], None],
    ) -> None:
        self._flash = flash
        self._running = running
        self._ready = ready
        self._guides = guides
        self._vocabulary = vocabulary
        self._skip = skip  # hears of those that cannot be evaluated at this version

    def held(self, session: Session) -> int:
        """Cells of a session that would come free if all of this gave way."""
        running = self._running.of(session, *SOURCES)
        return sum(question.need for question in running) + self._ready.cells(session)

    def start(self, session: Session, now: float) -> bool:
        """Start the due questions of a session that find their cells, decisions last.

        Returns whether any did. One that still runs ends first: answers come in order.
        """
        running = {question.id for question in self._running.of(session, *SOURCES)}
        due = [item for item in self._flash.due(session.name, now) if item.id not in running]
        due.sort(key=lambda standing: standing.decision)
        started = [self._start(session, standing, now) for standing in due]
        return any(started)

    def _start(self, session: Session, standing: Standing, now: float) -> bool:
        try:
            question = self._fork(session, standing, now)
        except SticliError as error:
            self._skip(session, standing.id, error)
            self._flash.started(session.name, standing.id)
            return False
        if question is None:
            return False
        self._running.start(question)
        self._flash.started(session.name, standing.id)
        return True

    def _fork(self, session: Session, standing: Standing, now: float) -> Question | None:
        """The question on a fork of its own; None while others hold what it needs.

        Raises:
            SticliError: it can never start.
        """
        if standing.need > session.limit - session.length:
            raise replies.too_long(session, len(standing.tail), standing.max_tokens)
        while not self._fits(session, standing.need):
            if not self._ready.yields(session):
                return None
        point = Point.now(session)
        while (seq := self._running.fork(session, point)) is None:
            if not self._ready.frees(session):
                return None
        return Question(
            "ready" if standing.decision else "flash",
            standing.id,
            session,
            seq,
            cached=point.length,
            tail=list(standing.tail),
            max_tokens=standing.max_tokens,
            one_line=session.frame.one_line,
            version=point.version,
            lines=point.lines,
            window_from=session.window_from,
            asked=now,
            guide=self._guide(standing, one_line=session.frame.one_line),
            born=standing.born,
        )

    def _guide(self, standing: Standing, *, one_line: bool) -> Guide | None:
        """What the answer must look like."""
        return self._guides.start(standing.form, one_line=one_line) if standing.form else None

    def _fits(self, session: Session, need: int) -> bool:
        held = self.held(session)
        part = PART * (session.limit - session.length)
        return self._running.fits(session, need) and (not held or held + need <= part)

    def decide(self, question: Question, scores: Scores) -> messages.Evaluated:
        """Read a decision off the scores that follow its question.

        Where they do not decide, the fork stays: an ask goes on from there.

        Raises:
            ValueError: the scores are no numbers.
        """
        reading = self._read(question, scores)
        if reading.certain:
            self._running.end(question)
        else:
            self._ready.keep(question, scores.kept())
        return replies.decided(question, reading)

    def _read(self, question: Question, scores: Scores) -> Reading:
        standing = self._flash.get(question.session.name, str(question.id))
        assert standing is not None, "a question that is forgotten does not run"
        assert standing.form is not None, "a decision has choices"
        assert question.guide is not None, "so its answer has a form"
        choices = standing.form.choices or ()
        return read(scores, question.guide, choices, standing.gap, self._vocabulary)

    def yields(self, session: Session, now: float) -> bool:
        """Give up what can be done without most easily; False where nothing is left."""
        if self._ready.yields(session):
            return True
        for source in SOURCES:
            for question in reversed(self._running.of(session, source)):
                self._again(question, now)
                return True
        return False

    def give_way(self, session: Session, now: float) -> None:
        """End all that runs unasked on a session; it begins again when it can."""
        while self.yields(session, now):
            pass

    def _again(self, question: Question, now: float) -> None:
        self._running.end(question)
        self._flash.again(question.session.name, str(question.id), now)

    def forget(self, session: Session, id: str) -> None:
        """End whatever works for one standing question."""
        self._ready.close(session, id)
        for question in self._running.of(session, *SOURCES):
            if question.id == id:
                self._running.end(question)

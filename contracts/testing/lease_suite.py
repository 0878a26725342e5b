"""What every lease keeps: one holder at a time, a rising token, and no result of a holder that was overtaken."""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contracts.errors import Conflict
from contracts.ports.database import Database
from contracts.ports.lease import Lease

_LONG_S = 60.0
_SHORT_S = 0.2


def guards(database: Database, lease: Lease) -> bool:
    """Whether the holder's transaction would go through."""
    try:
        with database.writing() as connection:
            lease.guard(connection)
    except Conflict:
        return False
    return True


class LeaseSuite:
    """Inherit and say how to open an empty database and a lease of a holder in it."""

    def open_database(self) -> Database:
        raise NotImplementedError

    def lease(self, database: Database, name: str, holder: str, ttl_s: float) -> Lease:
        raise NotImplementedError

    @pytest.fixture
    def database(self) -> Database:
        return self.open_database()

    def test_one_holds_and_the_other_waits(self, database: Database) -> None:
        first, second = (self.lease(database, "watch", holder, _LONG_S) for holder in ("甲", "乙"))
        assert first.acquire()
        assert not second.acquire()
        assert first.acquire()
        assert (guards(database, first), guards(database, second)) == (True, False)

    def test_leases_of_other_roles_are_no_concern(self, database: Database) -> None:
        assert self.lease(database, "watch", "甲", _LONG_S).acquire()
        assert self.lease(database, "index", "乙", _LONG_S).acquire()

    def test_what_is_given_back_can_be_taken_at_once(self, database: Database) -> None:
        first, second = (self.lease(database, "watch", holder, _LONG_S) for holder in ("甲", "乙"))
        assert first.acquire()
        first.release()
        assert second.acquire()
        first.release()
        assert guards(database, second)

    def test_a_dead_holders_lease_runs_out_and_its_late_results_are_refused(self, database: Database) -> None:
        first = self.lease(database, "watch", "甲", _SHORT_S)
        second = self.lease(database, "watch", "乙", _LONG_S)
        assert first.acquire()
        until_s = time.monotonic() + 10
        while not second.acquire():
            assert time.monotonic() < until_s, "the lease never ran out"
            time.sleep(0.02)
        assert not guards(database, first)
        assert not first.acquire()
        first.release()
        assert guards(database, second)

    def test_nothing_that_an_overtaken_holder_wrote_stays(self, database: Database) -> None:
        first, second = (self.lease(database, "watch", holder, _SHORT_S) for holder in ("甲", "乙"))
        assert not guards(database, first)  # never held: no results either
        assert first.acquire()
        first.release()
        assert second.acquire()
        assert not guards(database, first)

    def test_any_history_has_one_holder(self) -> None:
        def machine() -> LeaseMachine:
            database = self.open_database()
            return LeaseMachine(database, lambda holder: self.lease(database, "watch", holder, _LONG_S))

        run_state_machine_as_test(
            machine,  # type: ignore[arg-type] # a factory will do
            settings=settings(
                max_examples=20,
                stateful_step_count=15,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class LeaseMachine(RuleBasedStateMachine):
    """Three who want to be alone; nobody dies, so that only giving back passes the lease on."""

    def __init__(self, database: Database, open_lease: Callable[[str], Lease]) -> None:
        super().__init__()
        self.database = database
        self.leases = {holder: open_lease(holder) for holder in "甲乙丙"}
        self.holder = ""

    @rule(who=st.sampled_from("甲乙丙"))
    def acquire(self, who: str) -> None:
        assert self.leases[who].acquire() is (self.holder in ("", who))
        self.holder = self.holder or who

    @rule(who=st.sampled_from("甲乙丙"))
    def release(self, who: str) -> None:
        self.leases[who].release()
        self.holder = "" if self.holder == who else self.holder

    @rule(who=st.sampled_from("甲乙丙"))
    def guard(self, who: str) -> None:
        assert guards(self.database, self.leases[who]) is (self.holder == who)

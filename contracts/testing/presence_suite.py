"""What every presence keeps: the living are seen with what they have in hand, the gone are not."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contracts.ports.presence import Presence, Process


class PresenceSuite:
    """Inherit and say how to make an empty place and a process in it."""

    def make_place(self) -> object:
        raise NotImplementedError

    def presence(self, place: object, role: str) -> Presence:
        raise NotImplementedError

    def test_nobody_is_seen_before_showing_itself(self) -> None:
        place = self.make_place()
        assert self.presence(place, "score").living() == ()

    def test_two_of_one_role_are_two(self) -> None:
        place = self.make_place()
        first, second = self.presence(place, "score"), self.presence(place, "score")
        first.show(7)
        second.show()
        assert first.name != second.name
        assert {(process.name, process.role, process.in_flight) for process in self.presence(place, "desk").living()} == {
            (first.name, "score", 7), (second.name, "score", 0)
        }  # fmt: skip
        first.leave()
        second.leave()

    def test_leaving_twice_or_without_having_come_is_harmless(self) -> None:
        place = self.make_place()
        one = self.presence(place, "index")
        one.leave()
        one.show(1)
        one.leave()
        one.leave()
        assert one.living() == ()

    def test_any_history_shows_who_is_there(self) -> None:
        run_state_machine_as_test(
            lambda: PresenceMachine(self),  # type: ignore[arg-type] # a factory will do
            settings=settings(
                max_examples=15, stateful_step_count=12, deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip


class PresenceMachine(RuleBasedStateMachine):
    """Three processes come, do work and go."""

    def __init__(self, suite: PresenceSuite) -> None:
        super().__init__()
        place = suite.make_place()
        self.all = {role: suite.presence(place, role) for role in ("crawl", "score", "worker")}
        self.here: dict[str, Process] = {}

    @rule(role=st.sampled_from(["crawl", "score", "worker"]), in_flight=st.integers(0, 10**9))
    def show(self, role: str, in_flight: int) -> None:
        self.all[role].show(in_flight)
        self.here[role] = Process(role=role, name=self.all[role].name, in_flight=in_flight)

    @rule(role=st.sampled_from(["crawl", "score", "worker"]))
    def leave(self, role: str) -> None:
        self.all[role].leave()
        self.here.pop(role, None)

    @invariant()
    def those_who_are_here_are_seen(self) -> None:
        for presence in self.all.values():
            assert set(presence.living()) == set(self.here.values())

    def teardown(self) -> None:
        for presence in self.all.values():
            presence.leave()

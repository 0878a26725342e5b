"""What every notifier keeps: each sending ends in a receipt, and only what people can have seen counts as delivered."""

from collections.abc import Callable, Sequence
from typing import Protocol

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from contracts.notification import Notification
from contracts.ports.notifier import Notifier
from contracts.testing.builders import NOON


class Channel(Protocol):
    """The far end of a notifier under test: what people there have seen, and how the channel fares."""

    def open(self) -> Notifier:
        """Return a notifier that sends into this channel."""
        ...

    def seen(self) -> Sequence[str] | None:
        """Return the ids that arrived, in order; None where the channel is the desk itself and shows what is kept."""
        ...

    def refuse(self, *, for_good: bool) -> None:
        """Answer the following messages with a refusal: for good, or one that is worth another try."""
        ...

    def accept(self) -> None:
        """Answer the following messages with consent."""
        ...


def message(name: str = "a", text: str = "【建议红色预警】就业 · 长沙市 · 30 分钟 42 帖") -> Notification:
    return Notification(
        id=f"id {name}", alert=f"alert {name}", channel="", kind="opened", text=text, link="/alerts/a",
        created_at=NOON, urgent=True,
    )  # fmt: skip


class NotifierSuite:
    """Inherit and give a channel by the fixture `channel`."""

    def test_what_was_delivered_needs_no_other_try_and_says_so_in_chinese(self, channel: Channel) -> None:
        receipt = channel.open().send(message())
        assert receipt.delivered
        assert not receipt.retryable
        assert any("一" <= letter <= "鿿" for letter in receipt.detail)
        assert channel.seen() in (None, ["id a"])

    def test_the_same_message_again_keeps_its_id(self, channel: Channel) -> None:
        notifier = channel.open()
        assert [notifier.send(message()).delivered for _ in range(2)] == [True, True]
        assert channel.seen() in (None, ["id a", "id a"])

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(name=st.text(max_size=40), text=st.text(max_size=200))
    def test_any_words_end_in_a_receipt(self, channel: Channel, name: str, text: str) -> None:
        assert channel.open().send(message(name, text)).delivered

    def test_a_refusal_is_a_receipt_that_says_whether_to_try_again(self, channel: Channel) -> None:
        if channel.seen() is None:
            return  # nothing stands between the desk and its own outbox: there is nobody to refuse
        for for_good in (True, False):
            channel.refuse(for_good=for_good)
            receipt = channel.open().send(message())
            assert (receipt.delivered, receipt.retryable) == (False, not for_good)
            assert receipt.detail

    def test_any_history_equals_the_model(self, channel: Channel) -> None:
        run_state_machine_as_test(
            lambda: NotifierMachine(lambda: channel),  # type: ignore[arg-type] # a factory will do
            settings=settings(
                max_examples=20,
                stateful_step_count=12,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


class NotifierMachine(RuleBasedStateMachine):
    """A channel that consents and refuses in turn; what arrived is what was sent while it consented."""

    def __init__(self, open_channel: Callable[[], Channel]) -> None:
        super().__init__()
        self.channel = open_channel()
        self.is_willing = True

    @initialize()
    def begin(self) -> None:
        self.channel.accept()
        self.before = list(self.channel.seen() or ())
        self.arrived: list[str] = []
        self.notifier = self.channel.open()

    @rule(for_good=st.booleans())
    def refuse(self, for_good: bool) -> None:
        self.channel.refuse(for_good=for_good)
        self.is_willing = self.channel.seen() is None

    @rule()
    def accept(self) -> None:
        self.channel.accept()
        self.is_willing = True

    @rule(name=st.sampled_from("甲乙丙"))
    def send(self, name: str) -> None:
        assert self.notifier.send(message(name)).delivered is self.is_willing
        if self.is_willing:
            self.arrived.append(f"id {name}")
        seen = self.channel.seen()
        assert seen is None or list(seen) == self.before + self.arrived

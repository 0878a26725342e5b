"""The notifier port: one channel to people."""

from typing import Protocol

from contracts.notification import Notification, Receipt


class Notifier(Protocol):
    """Sends one message through one channel; at least once, the receiver can tell repeats by `notification.id`."""

    def send(self, notification: Notification) -> Receipt:
        """Send and say what the channel answered. Never raises for a channel's failure: that is a Receipt too."""
        ...
